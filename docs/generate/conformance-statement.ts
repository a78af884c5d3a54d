/** `node docs/generate/conformance-statement.ts` writes docs/conformance-statement.md: its tables come from the code. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { implementationClassUid, implementationVersionName } from '../../src/dicom/part10.ts';
import * as tables from './conformance-tables.ts';

/** The whole text of docs/conformance-statement.md. */
export function conformanceStatement(): string {
  return `# DICOM conformance statement

Written by \`node docs/generate/conformance-statement.ts\`: the tables come from the code, and a test compares both.
The sections are those of PS3.2 annex A. A test that backs a section has its number in its name, \`(CS 4.2.4.1)\`; section 8.6
lists them. contour-node is not a medical device.

## 1 Overview

contour-node receives planning CTs, contours them and sends an RT Structure Set to treatment planning systems.

| network service | as user (SCU) | as provider (SCP) |
| --- | --- | --- |
| CT Image Storage, Enhanced CT Image Storage | only by the command \`send\` | yes |
| MR Image Storage, Spatial Registration Storage | only by the command \`send\` | off by default, see 4.2.4.6 |
| any other Storage SOP class | only by the command \`send\` | no |
| RT Structure Set Storage | yes | yes, see 4.2.4.4 |
| Segmentation Storage | optional, for destinations with \`segmentation\` | no |
| Verification | yes | yes |
| Study Root Query/Retrieve: FIND | optional, for the number of instances of a series | no |
| Study Root Query/Retrieve: MOVE | by the command \`pull\`, and optional, for images of a series that are missing | no |
| Storage Commitment Push Model | optional, for structure sets delivered, see 4.2.3.5 | off by default, see 4.2.4.3 |

No media, no printing, no retrieval: this node is not an archive.

## 3 Introduction

For persons who connect a scanner or a planning system. AE, SCP, SCU, IOD, PDU and UID are DICOM's (PS3.1 to PS3.8); conformance
alone does not guarantee that two systems work together: test them. Keys like \`dicom.aeTitle\` are those of the configuration
(docs/configuration.md).

## 4 Networking

### 4.1 Implementation model

One application entity. A remote AE sends instances; when a series is complete it is contoured, and the node opens an
association to each destination and sends one structure set for each model. Order: the instances of a series may arrive in any
order, over several associations, at the same time as others; a structure set is sent only after the whole series. An instance that
is refused makes its own series incomplete, and no other; where its Series Instance UID cannot be read, the series that the same
association brought wait until they or the instance come again. While instances of the study still arrive on another association of
the sender a series is not complete, for 5 min at the most.

### 4.2 AE specification

#### 4.2.1 SOP classes

Accepted:

${tables.acceptedSopClasses()}

Every other SOP class, private ones among them, gets presentation context result 3 (abstract syntax not supported). So do Enhanced MR
Image Storage and Deformable Spatial Registration Storage; where a route takes MR, log and page say who offered them.

#### 4.2.2 Association policies

##### 4.2.2.1 General

Application context 1.2.840.10008.3.1.1.1. Maximum Length Received is \`dicom.maxPduBytes\`; a longer PDU is answered with
A-ABORT. As SCU the node keeps to the peer's limit; below 256 bytes it aborts. PDU types and lengths are checked before
anything is buffered; a PDU in the wrong order is answered with A-ABORT (PS3.8 section 9.2).

##### 4.2.2.2 Number of associations

At once: \`dicom.maxAssociations\` in all, \`dicom.maxAssociationsPerPeer\` of one peer. As SCU one association for each destination.

##### 4.2.2.3 Asynchronous nature

None: one outstanding operation. A proposed asynchronous operations window is answered with 1, 1. Requests that
arrive before the previous response are accepted all the same, one after the other.

##### 4.2.2.4 Implementation identifying information

| | |
| --- | --- |
| Implementation Class UID | ${implementationClassUid} |
| Implementation Version Name | ${implementationVersionName} |

#### 4.2.3 Association initiation

##### 4.2.3.1 Deliver a structure set

RT Structure Set Storage (1.2.840.10008.5.1.4.1.1.481.3) in Implicit and Explicit VR Little Endian, one presentation context
each, in the order of \`destinations[].transferSyntaxes\`; a structure set with a contour of more than 65,534 bytes is offered in
implicit VR alone. The stored bytes are sent unchanged, at least once, always with the same SOP Instance UID.

To a destination with \`segmentation\` a Segmentation (1.2.840.10008.5.1.4.1.1.66.4) of the same structures follows on the same
association, in Implicit VR Little Endian where \`transferSyntaxes\` has it, else in Explicit VR Little Endian. Delivered means both:
where the segmentation is refused or not answered, the delivery becomes what the tables say of that, and each further try sends both
again. The structure set goes first, so that the TPS has it all the same.

${tables.deliveryStatuses()}

Without a status:

${tables.deliveryFailures()}

##### 4.2.3.2 Verify a peer

Verification in Implicit and Explicit VR Little Endian; by the commands \`echo\` and \`doctor\`.

##### 4.2.3.3 Count the instances of a series

Study Root Query/Retrieve FIND (1.2.840.10008.5.1.4.1.2.2.1) at IMAGE level with Study Instance UID, Series Instance UID and an
empty SOP Instance UID; only to a peer with \`seriesCountQuery\`, once when the last association with the series is released and
again at the end of the quiet period. Pending responses are counted; without an answer the series
has the warning that its count is not confirmed. Exactly as many as have come end the quiet period (section 8.1.2). Where more exists than has come, the node asks every 15 s for 5 min, then the
series is incomplete.

##### 4.2.3.4 Send files

The command \`send\` takes DICOM files of any Storage SOP class and sends each byte for byte in its own transfer syntax, with one
presentation context for each SOP class and transfer syntax. 0x0000 and 0xBxxx count as stored.

##### 4.2.3.5 Ask for storage commitment of a structure set

Only of a destination with \`storageCommitment\`, after the structure set was delivered: N-ACTION, Action Type 1, in Implicit VR Little
Endian, with a new Transaction UID and one item in the Referenced SOP Sequence, two with a segmentation, at most four associations to one destination at once. 0x0000 means that
the TPS has accepted the request; anything else, and no answer, is tried again after 30 s, then after twice the time, up to half an
hour, with another Transaction UID, until \`waitMinutes\` after the delivery are over.

N-EVENT-REPORT is accepted on the same association, which stays open for 30 s after the request was accepted, or on one that the TPS opens
(4.2.4.5), for any transaction that was requested, also after a restart and after \`waitMinutes\`. Event Type 1 is recorded as
committed, 2 as refused with its Failure Reason; the sequence that holds the instance decides which of them it is. A segmentation has to be
committed, too. None in time is a
warning. In neither case the node sends the structure set again: an operator can do so, with the same bytes and the same SOP Instance UID.

##### 4.2.3.6 Have an archive send CTs

The command \`pull\`: Study Root Query/Retrieve FIND at STUDY level (by Patient ID) and SERIES level (by Study Instance UID, Modality CT),
then MOVE (1.2.840.10008.5.1.4.1.2.2.2) at SERIES level with this node's AE title as Move Destination, one association each, in
Implicit and Explicit VR Little Endian. 0x0000 and 0xB000 end it, with the archive's own counts; the instances arrive as from any other
sender (4.2.4). From a peer with \`retrieve\` the node fetches a series by MOVE itself, once, where its count says that instances are missing.

#### 4.2.4 Association acceptance

A connection from an address that no peer has is closed before anything is sent. Then, in this order:

${tables.associationRejections()}

Ended by A-ABORT, before or after that:

${tables.associationAborts()}

Extended negotiation: SOP Class Extended and Common Extended Negotiation and User Identity are read and not answered; a
proposed SCP role for the requestor is answered with 0, except in 4.2.4.5.

##### 4.2.4.1 Receive CT instances

${tables.acceptedContexts()}

Of several transfer syntaxes in one presentation context the first of the proposer's that is supported is accepted, a lossy one
only where nothing else is left; none supported gives result 4. Several contexts for one SOP class are answered independently.

Statuses of C-STORE:

${tables.answeredStatuses()}

Level 2 (full) storage of every attribute: the file is stored as received, for the time that \`retention\` says, and cannot be
retrieved. A repeated instance is answered with 0x0000 and not stored again; with another header it starts a new revision.

##### 4.2.4.2 Verification

C-ECHO is answered 0x0000 in any association.

##### 4.2.4.3 Storage commitment

Off: the presentation context is refused with result 3 unless the peer has \`storageCommitment\`. **Nothing can be retrieved from
this node** (no C-MOVE, C-GET, C-FIND, WADO), and it is no archive: a peer must keep a copy of its own or have another one.

N-ACTION, Action Type 1 (Request Storage Commitment), is answered when the request and its result are on the disk: 0x0000;
0x0110 for a request that cannot be read, or for other instances under a known transaction; 0x0112 for another SOP instance than
1.2.840.10008.1.20.1.1; 0x0123 for another action. The result is that of this moment: an instance is committed when its file exists.

N-EVENT-REPORT: Event Type 1 when all instances are committed, 2 with the Failed SOP Sequence: 0x0112 not here, 0x0119 another SOP class
here. It is sent on the same association while that is open; if it is not accepted there within 10 s, on a new association to the
peer's \`host\` and \`port\` (SCP/SCU role selection: SCP), repeatedly for two days, also after restarts, then the node stops
with an error in the log. Retrieve AE Title is not sent.

Committed instances are exempt from retention, by age and by disk space, for \`storageCommitmentDays\` (default 30), series by
series, across restarts. After that a committed CT is removed like any other.

##### 4.2.4.4 Receive structure sets

RT Structure Set Storage in Implicit and Explicit VR Little Endian, with the statuses of 4.2.4.1; 0xC000 also for one that defines
no ROI. A structure set is stored as received, flushed before 0x0000, and cannot be retrieved. It is a correction when it
belongs to one contoured series: by the SOP Instance UIDs in its Contour Image Sequences, then by those listed under
Referenced Frame of Reference Sequence; without any of these instances, by Frame of Reference UID if every contour lies within 0.1 mm of
a slice and only one series fits. Patient ID has to be that of the series. A structure set that belongs to no series is answered with 0x0000 too, stored separately
for \`retention.unmatchedDays\` and listed. The same content again is not stored again, in any transfer syntax; another content under
a known SOP Instance UID is stored beside the first (docs/quality.md says which one counts).

##### 4.2.4.5 Receive storage commitment results

Storage Commitment Push Model, in the transfer syntaxes of 4.2.4.1, from a peer that a destination with \`storageCommitment\` names:
SCP/SCU role selection with SCP for the requestor is accepted; without role selection the result is accepted as well. The result is
recorded before it is answered: 0x0000; 0x0115 for a transaction that this peer was not asked for, or a result without the structure set; 0x0110 for
a result that cannot be read; 0x0112, 0x0113 and 0x0118 for another SOP instance, event type or SOP class. A repeated result changes nothing.

##### 4.2.4.6 Receive MR and registrations

MR Image Storage and Spatial Registration Storage, from a peer with \`accept.mr: take\` and \`accept.registrations: take\`, from this
machine where a route or its recipe has \`inputs\`; with the statuses of 4.2.4.1. Both are stored, assembled and revised like a CT and never contoured
by themselves. A CT whose route has \`inputs\`, or a recipe with them, is contoured with the MR series of its patient (Patient ID, and nothing that contradicts)
that is of its study or was taken within \`withinDays\`, fits \`match\`, and lies in the frame of reference of the CT or in one that
registrations lead to. Where it has not come, or another one that fits still arrives, the CT waits, for \`waitMinutes\` at the most.
An MR stands for one input of the route. Whose an MR is and where it lies say the slices of its volume; one whose compressed pixels cannot be decoded is refused when it is complete.
What comes later makes a new revision where it is one more MR, a newer one or another way to it. Where it contradicts the MR that the CT was
contoured with, nothing is contoured again: the CT gets the warning \`INPUT_DOUBTFUL\`, and somebody chooses.

A registration's matrices lead from the frame of reference of an Item of the Registration Sequence, or of the images that the
Item names, to its own (PS3.3 C.20.2.1.1); they are followed forwards and backwards, over up to four registrations. Ways that
disagree by more than 1 mm anywhere in the CT are not decided between. RIGID matrices have to be orthonormal within 1e-3, without
mirroring; RIGID_SCALE ones orthogonal; RIGID_SCALE and AFFINE ones may change the volume and every length by a factor of 0.8 to 1.25,
AFFINE ones the angles between the axes by 9 degrees. An Item that moves images by more than 0.1 mm within the registration's own frame of
reference says that this frame does not tell where they lie: somebody chooses. Of several
matrices in one Item "the Item order is significant and corresponds to matrix multiplication order" (table C.20.2-1); programs multiply
in either order, so such an Item is refused unless both orders agree within 0.1 mm at 500 mm from the origin.

### 4.3 Network interfaces

TCP/IP, IPv4 and IPv6; Nagle's algorithm is off. ${tables.offersTls() ? 'With or without TLS.' : 'Without TLS.'}

### 4.4 Configuration

#### 4.4.1 AE titles and addresses

Remote AEs are the entries of \`peers\`: AE title, the addresses it calls from, host and port where it listens. Senders on the
same machine are accepted with any title while \`dicom.acceptLoopback\` is on.

#### 4.4.2 Parameters

${tables.aeParameters()}

## 5 Media interchange

None.

## 6 Character sets

Patient and study attributes are copied into the structure set as raw bytes together with the CT's Specific Character Set, so
any character set is carried unchanged. Text that the node adds is ASCII. For routing and display these are decoded; bytes
beyond ASCII without a declared set are read as UTF-8 where they are valid UTF-8, else as ISO_IR 100; invalid bytes become U+FFFD. Where
\`peers[].characterSet\` is configured, names of that peer are displayed in it, whatever its images declare:

${tables.characterSets()}

## 7 Security

${tables.offersTls() ? 'TLS and the rest of it: docs/security.md.' : 'No TLS in this version: use a network segment of its own.'} Addresses and AE titles are on an allow-list (4.2.4). Their keys:

${tables.securityParameters()}

## 8 Annexes

### 8.1 IOD contents

#### 8.1.1 RT Structure Set

Types are those of PS3.3. UIDs are derived from everything that determines the bytes (SHA-256, under \`dicom.uidRoot\`): the same
CT, bundle, node version and destination settings give the same UIDs and the same bytes. Sequences have explicit lengths; no
private attribute is written, and no other than these:

${tables.structureSetAttributes()}

#### 8.1.2 CT Image

A CT that is to be contoured needs: Patient ID, name, birth date and sex, Study Instance UID and Frame of Reference UID the same in
all slices; Image Type, Image Position and Orientation (Patient), Pixel Spacing, Rows, Columns, Bits Allocated 16, Rescale Slope
and Intercept. A series that lacks them is stored and shown as rejected, with the reason.

| what comes | what becomes of it |
| --- | --- |
| patient attributes in several spellings | compared decoded with each image's own character set, without outer spaces and trailing \`^\` and \`=\`, names without regard to case and to half or full width; empty beside filled: warning \`IDENTITY_INCOMPLETE\`. Written are the bytes of the slice that says most, with its own character set |
| UIDs with leading zeros | taken and copied byte for byte; more than 64 characters, or no UID: \`DICOM_UID\`, and the attribute is named, also where the SCP refuses the request with 0x0117 |
| bytes behind native pixels (PS3.5 8.1.1) | cut off, warning \`SURPLUS_PIXEL_BYTES\`; as many as an image and not all the same, or too few: \`PIXEL_DECODING\` |
| an element that comes twice, with an unknown VR, a broken sequence, or a delimiter where none is open | of no effect unless it says what the image is, where it lies or whose it is: then \`DICOM_UNREADABLE\` names it |
| localisers, reports, reformats of another orientation by Image Type | left out, warning \`LEFT_OUT\`; nothing but these: \`SERIES_LOCALISER\`, \`SERIES_REPORT\`, and the series ends as \`nothing to contour\`; so do up to four images alone of which at most two are sagittal and two coronal, and pictures alone (colours; 8 bits or secondary captures without position) |
| at most one image of five without place, of another orientation, matrix or place | left out, warning \`LEFT_OUT\`; a gap that it leaves: \`SERIES_MISSING_SLICE\`. More of them: refused |
| images without Pixel Data | without place, between the slices or at the position of one: left out, warning \`LEFT_OUT\`; a gap that they leave: \`SERIES_MISSING_SLICE\`; at an end of the scan: \`SERIES_HEADER\`. The instance with its pixels takes its place |
| derived images at the positions of original ones, at most one of five | left out, warning \`LEFT_OUT\` |
| projections and renderings (MIP, MinIP, VRT, at any value of Image Type, by derivation code or Volume Based Calculation Technique, of a derived image also in Series or Derivation Description) | left out; more than slices: \`SERIES_PROJECTION\` |
| evenly spaced axial images named REFORMATTED, MPR, AVERAGE or DERIVED | taken, warning \`DERIVED\` |
| the same pixels at the same positions under other SOP Instance UIDs, in any lossless encoding | the first are taken, warning \`REPEAT\`; after a revision: it stays as it is, the history says so |
| other pixels at the same positions, or slices between those of the others, of another acquisition, Temporal Position, KVP, series time, kernel or Slice Thickness | \`SERIES_TWO_ACQUISITIONS\`; at most one image of five: left out; after a revision: it stays as it is, warning \`SECOND_ACQUISITION\`; an operator may choose one of them, warning \`CHOSEN\` |
| other pixels at the same positions, and nothing else tells them apart | \`SERIES_DUPLICATE_POSITION\`; an operator may choose one run where their Instance Numbers part them, else the first or the second of each two |
| two studies of one patient, or two frames of reference, in one series | \`SERIES_MIXED_IDENTITY\`, \`SERIES_MIXED_FRAME\`; an operator may choose one of them |
| images of another acquisition after a revision that make no volume with it, e.g. of another part of the body | it stays as it is, warning \`SECOND_ACQUISITION\`; where they go on without a gap: a new revision |
| fewer instances than C-FIND or Number of Series Related Instances (0020,1209) says | held, \`SERIES_INCOMPLETE\`; fetched once by C-MOVE where the peer is configured so (\`peers[].retrieve\`), waited for where C-FIND says so; contoured with the warning \`INSTANCES_MISSING\` where the peer may (\`peers[].accept.missing\`), and by \`contour FOLDER\` |
| exactly as many instances as C-FIND says, or as every one of them says in Number of Series Related Instances (0020,1209), when the last association is released | complete at once, without the rest of the quiet period, if they make a volume and no image of the study still comes from the sender (\`intake.completeByCount\`). A later image makes a new revision, as ever. Images in Acquisition (0020,1002) counts an acquisition, not a series, and is not used |
| fewer than have come, or numbers that differ from image to image | the number counts for nothing; the quiet period goes on |
| slices that lie less than half a pixel beside each other, or a tenth of the step beside even positions | taken, warnings \`IN_PLANE_SHIFT\`, \`SPACING_JITTER\`; each contour lies at its own slice |
| a tilted gantry, up to 35 degrees | \`SERIES_GANTRY_TILT\`; resolved where the route says so (\`routes[].tilt\`), warning \`TILTED\`: the contours lie in the tilted planes |
| Enhanced CT Image Storage | each frame a slice, the structure set names instance and frame; where a frame lacks its position, orientation or spacing: \`SERIES_HEADER\` |

#### 8.1.3 Segmentation

Multi-frame, BINARY, on the CT's grid in LPS order (rows to the left, columns to the back), in its frame of reference; one
segment for each structure that was found, in the order and under the names of the structure set, one frame for each of its slices.
Patient and study are copied like those of the structure set, byte for byte. UIDs are derived from every byte of the data set. Each
frame names its source image; Spatial Locations Preserved is YES where the images are stored in LPS order.

#### 8.1.4 MR Image and Spatial Registration

An MR series may have any orientation. It needs what a CT needs, without Rescale Slope and Intercept, in one orientation and matrix, one
image a position, in even steps within 0.2 mm or a tenth of a step; its pixel values have no unit. Series of several echoes, moments
or b-values at the same positions end as \`SERIES_DUPLICATE_POSITION\`, MONOCHROME1 and mosaics as \`SERIES_HEADER\`, localisers as \`nothing to contour\`, projections as
\`SERIES_PROJECTION\`. A registration that cannot be used ends as \`SERIES_REGISTRATION\`; the first Item at fault is named.

### 8.2 Data dictionary of private attributes

None.

### 8.3 Coded terminology

Purpose of Reference Code of the contributing equipment: (109102, DCM, "Processing Equipment").

In a segmentation: source images (121322, DCM), derivation (113076, DCM, "Segmentation"); categories of CID 7150 and 9502, targets
of CID 9534, planning organs at risk and avoidance volumes of CID 9535; organs by SNOMED CT with their side of CID 244, where the
TG-263 name of the structure has a code in \`src/dicom/segmentation/anatomic-codes.ts\`, else (130060, DCM, "Organ At Risk").

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
