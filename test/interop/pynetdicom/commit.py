"""Asks for storage commitment with pynetdicom and prints what was answered and reported.

usage: commit.py JSON   {"port": 11112, "callingAe": "...", "instances": [[SOP class, SOP instance], ...],
                         "transactionUid": "...", "transferSyntax": "...", "listen": port or null, "stay": seconds}

A "deaf" one refuses results on its own association. With "listen" it takes results on that port too. It waits at most "stay" seconds on the association, then releases it and
waits for the result at its port.
"""

import json
import sys
import threading
import time

from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt

PUSH = "1.2.840.10008.1.20.1"
INSTANCE = "1.2.840.10008.1.20.1.1"

task = json.loads(sys.argv[1])
reports = []
arrived = threading.Event()


def take(where):
    def handler(event):
        information = event.event_information
        reports.append(
            {
                "where": where,
                "eventType": event.request.EventTypeID,
                "transactionUid": information.TransactionUID,
                "committed": [item.ReferencedSOPInstanceUID for item in information.get("ReferencedSOPSequence", [])],
                "failed": [
                    [item.ReferencedSOPInstanceUID, item.FailureReason]
                    for item in information.get("FailedSOPSequence", [])
                ],
            }
        )
        arrived.set()
        return 0x0000, None

    return handler


server = None
if task.get("listen"):
    listener = AE(ae_title=task["callingAe"])
    # The node asks for the association and is SCP; this side is SCU.
    listener.add_supported_context(PUSH, task["transferSyntax"], scu_role=False, scp_role=True)
    server = listener.start_server(
        ("127.0.0.1", task["listen"]), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, take("new association"))]
    )

entity = AE(ae_title=task["callingAe"])
entity.add_requested_context(PUSH, task["transferSyntax"])
association = entity.associate(
    "127.0.0.1",
    task["port"],
    ae_title="CONTOUR",
    evt_handlers=[] if task.get("deaf") else [(evt.EVT_N_EVENT_REPORT, take("same association"))],
)
result = {"accepted": len(association.accepted_contexts) == 1, "status": None}
if association.is_established:
    information = Dataset()
    information.TransactionUID = task["transactionUid"]
    information.ReferencedSOPSequence = []
    for sop_class, sop_instance in task["instances"]:
        item = Dataset()
        item.ReferencedSOPClassUID = sop_class
        item.ReferencedSOPInstanceUID = sop_instance
        information.ReferencedSOPSequence.append(item)
    status, _ = association.send_n_action(information, 1, PUSH, INSTANCE)
    result["status"] = status.Status if "Status" in status else None
    if task.get("stay"):
        arrived.wait(task["stay"])
    association.release()
if server is not None:
    arrived.wait(task.get("patience", 60))
    time.sleep(0.2)
    server.shutdown()
result["reports"] = reports
print(json.dumps(result))
