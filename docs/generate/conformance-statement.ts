/** `node docs/generate/conformance-statement.ts` writes docs/conformance-statement.md: its tables come from the code. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { implementationClassUid, implementationVersionName } from '../../src/dicom/part10.ts';
import * as tables from './conformance-tables.ts';

/** The whole text of docs/conformance-statement.md. */
export function conformanceStatement(): string {
  return `# DICOM conformance statement

Written by \`node docs/generate/conformance-statement.ts\`: the tables come from the code, and a test holds both together.
The sections are those of PS3.2 annex A. A test that backs a section has its number in its name, \`(CS 4.2.4.1)\`; section 8.6
lists them. contour-node is not a medical device.

## 1 Overview

contour-node takes planning CTs, contours them and sends an RT Structure Set to treatment planning systems.

| network service | as user (SCU) | as provider (SCP) |
| --- | --- | --- |
| CT Image Storage | only by the command \`send\` | yes |
| any other Storage SOP class | only by the command \`send\` | no |
| RT Structure Set Storage | yes | yes, see 4.2.4.4 |
| Verification | yes | yes |
| Study Root Query/Retrieve: FIND | optional, for the number of images of a series | no |
| Storage Commitment Push Model | optional, for structure sets delivered, see 4.2.3.5 | off by default, see 4.2.4.3 |

No media, no printing, no retrieval: this node is not an archive.

## 3 Introduction

For whoever connects a scanner or a planning system. AE, SCP, SCU, IOD, PDU and UID are DICOM's (PS3.1 to PS3.8); conformance
alone does not make two systems work together: try them. Keys like \`dicom.aeTitle\` are those of the configuration
(docs/configuration.md).

## 4 Networking

### 4.1 Implementation model

One application entity. A remote AE sends images; when a series is complete it is contoured, and the node opens an association
to each destination and sends one structure set a model. Order: the images of a series may come in any order, over several
associations, at the same time as others; a structure set goes out only after the whole series.

### 4.2 AE specification

#### 4.2.1 SOP classes

Accepted:

${tables.acceptedSopClasses()}

Every other SOP class, private ones among them, gets presentation context result 3 (abstract syntax not supported).

#### 4.2.2 Association policies

##### 4.2.2.1 General

Application context 1.2.840.10008.3.1.1.1. Maximum Length Received is \`dicom.maxPduBytes\`; a longer PDU is answered with
A-ABORT. As SCU the node keeps to the peer's limit; below 256 bytes it aborts. PDU types and lengths are judged before
anything is buffered; what comes out of turn is aborted (PS3.8 section 9.2).

##### 4.2.2.2 Number of associations

At once: \`dicom.maxAssociations\` in all, \`dicom.maxAssociationsPerPeer\` of one peer. As SCU one association a destination.

##### 4.2.2.3 Asynchronous nature

None: one outstanding operation. A proposed asynchronous operations window is answered with 1, 1. Requests that come ahead of
their answers are taken all the same, one after the other.

##### 4.2.2.4 Implementation identifying information

| | |
| --- | --- |
| Implementation Class UID | ${implementationClassUid} |
| Implementation Version Name | ${implementationVersionName} |

#### 4.2.3 Association initiation

##### 4.2.3.1 Deliver a structure set

RT Structure Set Storage (1.2.840.10008.5.1.4.1.1.481.3) in Implicit and Explicit VR Little Endian, one presentation context
each, in the order of \`destinations[].transferSyntaxes\`; a structure set with a contour of more than 65,534 bytes is offered in
implicit VR alone. The stored bytes go out unchanged, at least once, always with the same SOP Instance UID.

${tables.deliveryStatuses()}

Without a status:

${tables.deliveryFailures()}

##### 4.2.3.2 Verify a peer

Verification in Implicit and Explicit VR Little Endian; by the commands \`echo\` and \`doctor\`.

##### 4.2.3.3 Count the images of a series

Study Root Query/Retrieve FIND (1.2.840.10008.5.1.4.1.2.2.1) at IMAGE level with Study Instance UID, Series Instance UID and an
empty SOP Instance UID; only to a peer with \`seriesCountQuery\`. Pending responses are counted; without an answer the series
carries the warning that its count is not confirmed.

##### 4.2.3.4 Send files

The command \`send\` takes DICOM files of any Storage SOP class and sends each byte for byte in its own transfer syntax, with one
presentation context for each SOP class and transfer syntax. 0x0000 and 0xBxxx count as stored.

##### 4.2.3.5 Ask for storage commitment of a structure set

Only of a destination with \`storageCommitment\`, after the structure set was delivered: N-ACTION, Action Type 1, in Implicit VR Little
Endian, with a new Transaction UID and one item in the Referenced SOP Sequence, at most four associations to one destination at once. 0x0000 means that
the TPS has taken the request; anything else, and no answer, is tried again after 30 s, then after twice the time, up to half an
hour, with another Transaction UID, until \`waitMinutes\` after the delivery are over.

N-EVENT-REPORT is taken on the same association, which stays for 30 s after the request was taken, or on one that the TPS opens
(4.2.4.5), of any transaction that was asked for, also after a restart and after \`waitMinutes\`. Event Type 1 is recorded as
committed, 2 as refused with its Failure Reason; which of them it is follows from the sequence that the instance stands in. None in time is a
warning. Neither sends the structure set again: that is for an operator, with the same bytes and the same SOP Instance UID.

#### 4.2.4 Association acceptance

A connection from an address that no peer has is closed without a byte. Then, in this order:

${tables.associationRejections()}

Ended by A-ABORT, before or after that:

${tables.associationAborts()}

Extended negotiation: SOP Class Extended and Common Extended Negotiation and User Identity are read and not answered; a
proposed SCP role for the requestor is answered with 0, but for 4.2.4.5.

##### 4.2.4.1 Receive images

${tables.acceptedContexts()}

Of several transfer syntaxes in one presentation context the first of the proposer's that is supported is accepted, a lossy one
only where nothing else is left; none supported gives result 4. Several contexts for one SOP class are answered each in its own
right.

Statuses of C-STORE:

${tables.answeredStatuses()}

Level 2 (full) storage of every attribute: the file is kept as it came, for the time that \`retention\` says, and cannot be
retrieved. The same instance again is answered 0x0000 and absorbed; with another header it starts a new revision.

##### 4.2.4.2 Verification

C-ECHO is answered 0x0000 in any association.

##### 4.2.4.3 Storage commitment

Off: the presentation context is refused with result 3 unless the peer has \`storageCommitment\`. **Nothing can be retrieved from
this node** (no C-MOVE, C-GET, C-FIND, WADO), and it is no archive: a peer must keep a copy of its own or have another one.

N-ACTION, Action Type 1 (Request Storage Commitment), is answered when the request and its result are on the disk: 0x0000;
0x0110 for what cannot be read, or for other instances under a known transaction; 0x0112 for another SOP instance than
1.2.840.10008.1.20.1.1; 0x0123 for another action. The result is that moment's: an instance is committed when its file is there.

N-EVENT-REPORT: Event Type 1 when all is committed, 2 with the Failed SOP Sequence: 0x0112 not here, 0x0119 another SOP class
here. It goes out on the same association while that stands; where it is not taken there within 10 s, on a new association to the
peer's \`host\` and \`port\` (SCP/SCU role selection: SCP), again and again for two days, restarts included, then it is given up
with an error in the log. Retrieve AE Title is not sent.

What was committed is exempt from retention, by age and by disk space, for \`storageCommitmentDays\` (default 30), series by
series, across restarts. A committed CT is removed after that as any other.

##### 4.2.4.4 Receive structure sets

RT Structure Set Storage in Implicit and Explicit VR Little Endian, with the statuses of 4.2.4.1; 0xC000 also for one that defines
no ROI. A structure set is kept as it came, flushed before 0x0000, and cannot be retrieved. It is a correction of what this node
drew when it belongs to one contoured series: by the SOP Instance UIDs in its Contour Image Sequences, then by those listed under
Referenced Frame of Reference Sequence; where none of them is here, by Frame of Reference UID if every contour lies within 0.1 mm of
a slice and one series alone fits. Patient ID has to be that of the series. What belongs to none is answered 0x0000 too, kept apart
for \`retention.unmatchedDays\` and listed. The same content again is absorbed, whatever its transfer syntax; another content under
a known SOP Instance UID is kept beside the first (docs/quality.md tells which one counts).

##### 4.2.4.5 Take storage commitment results

Storage Commitment Push Model, in the transfer syntaxes of 4.2.4.1, from a peer that a destination with \`storageCommitment\` names:
SCP/SCU role selection with SCP for the requestor is accepted; without role selection the result is taken as well. The result is
recorded before it is answered: 0x0000; 0x0115 for a transaction that this peer was not asked for, or a result without the structure set; 0x0110 for
what cannot be read; 0x0112, 0x0113 and 0x0118 for another SOP instance, event type or SOP class. The same result again is absorbed.

### 4.3 Network interfaces

TCP/IP, IPv4 and IPv6; Nagle's algorithm is off. ${tables.offersTls() ? 'With or without TLS.' : 'Without TLS.'}

### 4.4 Configuration

#### 4.4.1 AE titles and addresses

Remote AEs are the entries of \`peers\`: AE title, the addresses it calls from, host and port where it listens. Senders on the
same machine are taken whatever their title while \`dicom.acceptLoopback\` is on.

#### 4.4.2 Parameters

${tables.aeParameters()}

## 5 Media interchange

None.

## 6 Character sets

Patient and study attributes are copied into the structure set as raw bytes together with the CT's Specific Character Set, so
any character set is carried unchanged. Text that the node adds is ASCII. For routing and display these are decoded; bytes
beyond ASCII without a declared set are read as UTF-8 where they are, else as ISO_IR 100, and what fits no set becomes U+FFFD:

${tables.characterSets()}

## 7 Security

${tables.offersTls() ? 'TLS and the rest of it: docs/security.md.' : 'No TLS in this version: use a network segment of its own.'} Addresses and AE titles are on an allow-list (4.2.4). Keys that have to do with it:

${tables.securityParameters()}

## 8 Annexes

### 8.1 IOD contents

#### 8.1.1 RT Structure Set

Types are those of PS3.3. UIDs are derived from everything that determines the bytes (SHA-256, under \`dicom.uidRoot\`): the same
CT, bundle, node version and destination settings give the same UIDs and the same bytes. Sequences have explicit lengths; no
private attribute is written, and no other than these:

${tables.structureSetAttributes()}

#### 8.1.2 CT Image

What a CT needs to be contoured: Patient ID, name, birth date and sex, Study Instance UID and Frame of Reference UID the same in
all slices; Image Type, Image Position and Orientation (Patient), Pixel Spacing, Rows, Columns, Bits Allocated 16, Rescale Slope
and Intercept. A series that lacks them is kept and shown as rejected, with the reason.

| what comes | what becomes of it |
| --- | --- |
| patient attributes in several spellings | compared decoded with each image's own character set, without outer spaces and trailing \`^\` and \`=\`; empty beside filled: warning \`IDENTITY_INCOMPLETE\`. Written are the bytes of the slice that says most, with its own character set |
| UIDs with leading zeros | taken and copied byte for byte; more than 64 characters: \`DICOM_UID\` |
| bytes behind native pixels (PS3.5 8.1.1) | cut off, warning \`SURPLUS_PIXEL_BYTES\`; as many as an image and not all the same, or too few: \`PIXEL_DECODING\` |
| an element that comes twice, with an unknown VR, or a broken sequence | of no effect unless it says what the image is, where it lies or whose it is: then \`DICOM_UNREADABLE\` names it |
| localisers, reports, reformats of another orientation by Image Type | left out, warning \`LEFT_OUT\`; nothing but these: \`SERIES_LOCALISER\`, \`SERIES_REPORT\` |
| at most one image of five without place, of another orientation, matrix or place | left out, warning \`LEFT_OUT\`; a gap that it leaves: \`SERIES_MISSING_SLICE\`. More of them: refused |
| projections and renderings (MIP, MinIP, VRT, at any value of Image Type, or by derivation code) | left out; more than slices: \`SERIES_PROJECTION\` |
| evenly spaced axial images named REFORMATTED, MPR, AVERAGE or DERIVED | taken, warning \`DERIVED\` |
| the same pixels at the same positions under other SOP Instance UIDs | the first are taken, warning \`REPEAT\` |
| other pixels at the same positions, of another acquisition, series time or kernel | \`SERIES_TWO_ACQUISITIONS\`; at most one image of five: left out |
| slices that lie less than half a pixel beside each other, or a tenth of the step beside even positions | taken, warnings \`IN_PLANE_SHIFT\`, \`SPACING_JITTER\`; each contour lies at its own slice |
| a tilted gantry, up to 35 degrees | \`SERIES_GANTRY_TILT\`; resolved where that is asked for, warning \`TILTED\`: the contours lie in the tilted planes |
| Enhanced CT Image Storage | not over the network; \`contour\` reads it from files, and the structure set names instance and frame |

### 8.2 Data dictionary of private attributes

None.

### 8.3 Coded terminology

Purpose of Reference Code of the contributing equipment: (109102, DCM, "Processing Equipment").

### 8.4 Standard extended, specialised and private SOP classes

None.

### 8.5 Private transfer syntaxes

None.

### 8.6 Tests

${tables.tests()}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../conformance-statement.md', import.meta.url), conformanceStatement());
}
