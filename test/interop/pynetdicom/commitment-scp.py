"""A planning system of pynetdicom that offers storage commitment for whatever it is asked.

usage: commitment-scp.py JSON   {"callingAe": "TPS", "node": port of the node, "roleSelection": true, "status": N-ACTION status,
                                 "delay": seconds until a request is answered,
                                 "tell": "same association", "new association" or "nothing",
                                 "failures": failure reason or null}

Prints its port on the first line, then one JSON line for each request and each answer to a result. A line of JSON on its
standard input, {"transactionUid": "...", "instances": [...], "failures": ...}, tells a result on a new association; its
end ends the program.
"""

import json
import sys
import threading
import time

from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt

PUSH = "1.2.840.10008.1.20.1"
INSTANCE = "1.2.840.10008.1.20.1.1"
IMPLICIT = "1.2.840.10008.1.2"
RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"

task = json.loads(sys.argv[1])


def say(**fields):
    print(json.dumps(fields), flush=True)


def information(transaction, instances, failures):
    result = Dataset()
    result.TransactionUID = transaction
    items = []
    for instance in instances:
        item = Dataset()
        item.ReferencedSOPClassUID = RTSTRUCT
        item.ReferencedSOPInstanceUID = instance
        if failures is not None:
            item.FailureReason = failures
        items.append(item)
    if failures is None:
        result.ReferencedSOPSequence = items
    else:
        result.FailedSOPSequence = items
    return result


def report(association, transaction, instances, failures, where):
    event = 1 if failures is None else 2
    status, _ = association.send_n_event_report(information(transaction, instances, failures), event, PUSH, INSTANCE)
    say(kind="answer", where=where, status=status.Status if "Status" in status else None)


def call(transaction, instances, failures):
    entity = AE(ae_title=task["callingAe"])
    entity.add_requested_context(PUSH, IMPLICIT)
    roles = [build_role(PUSH, scp_role=True)] if task.get("roleSelection", True) else []
    association = entity.associate("127.0.0.1", task["node"], ae_title="CONTOUR", ext_neg=roles)
    if not association.is_established:
        say(kind="refused")
        return
    if not association.accepted_contexts:
        say(kind="context refused")
    else:
        context = association.accepted_contexts[0]
        say(kind="roles", scu=context.as_scu, scp=context.as_scp)
        report(association, transaction, instances, failures, "new association")
    association.release()


def asked(event):
    wish = event.action_information
    transaction = wish.TransactionUID
    instances = [item.ReferencedSOPInstanceUID for item in wish.ReferencedSOPSequence]
    classes = [item.ReferencedSOPClassUID for item in wish.ReferencedSOPSequence]
    say(kind="request", transactionUid=transaction, instances=instances, classes=classes, action=event.action_type)
    failures = task.get("failures")
    if task.get("tell") == "same association":
        # Once the response to the request is on its way.
        threading.Timer(0.3, report, (event.assoc, transaction, instances, failures, "same association")).start()
    elif task.get("tell") == "new association":
        threading.Timer(0.3, call, (transaction, instances, failures)).start()
    time.sleep(task.get("delay", 0))
    return task.get("status", 0x0000), None


listener = AE(ae_title=task["callingAe"])
listener.add_supported_context(PUSH, IMPLICIT)
server = listener.start_server(
    ("127.0.0.1", task.get("port", 0)), block=False, evt_handlers=[(evt.EVT_N_ACTION, asked)]
)
print(server.socket.getsockname()[1], flush=True)
for line in sys.stdin:
    wish = json.loads(line)
    call(wish["transactionUid"], wish["instances"], wish.get("failures"))
server.shutdown()
