"""A storage SCP of pynetdicom: keeps what comes, byte for byte, until its standard input ends.

usage: storage-scp.py JSON   {"folder": "...", "contexts": [[abstract syntax, [transfer syntax, ...]], ...], "maximumPdu": 16384}

Prints its port on the first line, then one JSON line for each instance.
"""

import json
import sys

from pynetdicom import AE, evt

task = json.loads(sys.argv[1])
count = 0


def keep(event):
    global count
    count += 1
    path = f"{task['folder']}/{count}.dcm"
    with open(path, "wb") as file:
        file.write(event.encoded_dataset())
    print(json.dumps({"path": path, "transferSyntax": event.context.transfer_syntax}), flush=True)
    return 0x0000


entity = AE(ae_title="PYNETDICOM")
entity.maximum_pdu_size = task.get("maximumPdu", 16382)
for abstract_syntax, transfer_syntaxes in task["contexts"]:
    entity.add_supported_context(abstract_syntax, transfer_syntaxes)
server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, keep)])
print(server.socket.getsockname()[1], flush=True)
sys.stdin.read()
server.shutdown()
