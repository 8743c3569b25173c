"""A user at their notebook: starts a kernel as Jupyter does, stays attached, and runs the cells that come by stdin.

Arguments: the value of JPY_SESSION_NAME. Prints the connection file, then one line of JSON for each cell.
"""

import json
import os
import sys
import uuid

from jupyter_client.manager import KernelManager


def run(client, code):
    """Runs one cell and gives what it printed or raised, and its number."""
    shown = []

    def take(message):
        content = message["content"]
        if message["msg_type"] == "stream":
            shown.append(content["text"])
        elif message["msg_type"] == "error":
            shown.append(content["ename"])

    reply = client.execute_interactive(code, output_hook=take, timeout=60)
    return {"count": reply["content"]["execution_count"], "shown": "".join(shown)}


def main():
    """Serves cells until stdin ends, then takes the kernel along."""
    place = os.path.join(os.environ["JUPYTER_RUNTIME_DIR"], "kernel-%s.json" % uuid.uuid4())
    manager = KernelManager(kernel_name="python3", connection_file=place)
    manager.start_kernel(env=dict(os.environ, JPY_SESSION_NAME=sys.argv[1]))
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    print(json.dumps({"file": manager.connection_file}), flush=True)
    for line in sys.stdin:
        print(json.dumps(run(client, json.loads(line))), flush=True)
    manager.shutdown_kernel(now=True)


main()
