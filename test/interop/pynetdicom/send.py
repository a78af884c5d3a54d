"""Sends files by C-STORE with pynetdicom and prints what was negotiated and answered.

usage: send.py JSON   {"port": 11112, "files": [...], "contexts": [[abstract syntax, [transfer syntax, ...]], ...], ...}
"""

import json
import sys

from pydicom import dcmread
from pydicom.uid import UID
from pynetdicom import AE, evt
from pynetdicom.pdu_primitives import (
    AsynchronousOperationsWindowNegotiation,
    SCP_SCU_RoleSelectionNegotiation,
    SOPClassCommonExtendedNegotiation,
    SOPClassExtendedNegotiation,
    UserIdentityNegotiation,
)

task = json.loads(sys.argv[1])
items = []
for invoked, performed in task.get("asynchronousOperations", []):
    item = AsynchronousOperationsWindowNegotiation()
    item.maximum_number_operations_invoked = invoked
    item.maximum_number_operations_performed = performed
    items.append(item)
for uid in task.get("extended", []):
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid = UID(uid)
    item.service_class_application_information = b"\x02\x00\x03\x00\x01\x00"
    items.append(item)
for uid in task.get("commonExtended", []):
    item = SOPClassCommonExtendedNegotiation()
    item.sop_class_uid = UID(uid)
    item.service_class_uid = UID("1.2.840.10008.4.2")
    item.related_general_sop_class_identification = [UID("1.2.840.10008.5.1.4.1.1.2")]
    items.append(item)
for uid in task.get("bothRoles", []):
    item = SCP_SCU_RoleSelectionNegotiation()
    item.sop_class_uid = UID(uid)
    item.scu_role = True
    item.scp_role = True
    items.append(item)
if "user" in task:
    item = UserIdentityNegotiation()
    item.user_identity_type = 2
    item.positive_response_requested = True
    item.primary_field = task["user"].encode()
    item.secondary_field = b"secret"
    items.append(item)

accept = {}


def remember(event):
    accept["items"] = sorted({type(item).__name__ for item in event.assoc.acceptor.primitive.user_information})


entity = AE(ae_title=task.get("callingAe", "PYNETDICOM"))
for abstract_syntax, transfer_syntaxes in task["contexts"]:
    entity.add_requested_context(abstract_syntax, transfer_syntaxes)
association = entity.associate(
    "127.0.0.1",
    task["port"],
    ae_title="CONTOUR",
    max_pdu=task.get("maximumPdu", 16382),
    ext_neg=items,
    evt_handlers=[(evt.EVT_ACCEPTED, remember)],
)
result = {"established": association.is_established, "statuses": []}
if association.is_established:
    window = association.acceptor.asynchronous_operations
    result["contexts"] = [
        [context.context_id, context.result, context.transfer_syntax[0] if context.result == 0 else None]
        for context in sorted(
            association.accepted_contexts + association.rejected_contexts, key=lambda one: one.context_id
        )
    ]
    result["window"] = list(window)
    result["items"] = accept.get("items", [])
    result["peerMaximumPdu"] = association.acceptor.maximum_length
    for path in task["files"]:
        status = association.send_c_store(dcmread(path))
        result["statuses"].append(status.Status if "Status" in status else None)
    result["echo"] = association.send_c_echo().Status if task.get("echo") else None
    association.release()
print(json.dumps(result))
