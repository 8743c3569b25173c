"""A notebook that is open: a kernel as Jupyter starts it, and a client that stays connected, driven over standard input.

    python open_notebook.py RUNTIME NAME

Each line is {"execute": CODE}, {"start": CODE} (does not wait) or {"state": true}; each answer is a line of JSON.
"""

import ast
import json
import os
import sys
import uuid

from jupyter_client import KernelManager

STATE = """__import__('json').dumps({
    'count': get_ipython().execution_count,
    'history': list(get_ipython().history_manager.input_hist_raw),
    'outputs': sorted(map(str, get_ipython().user_ns['Out'])),
    'names': sorted(get_ipython().user_ns),
    'modules': sorted(__import__('sys').modules),
    'path': list(__import__('sys').path),
    'finders': [str(finder) for finder in __import__('sys').meta_path],
})"""


def main(runtime, name):
    os.makedirs(runtime, mode=0o700, exist_ok=True)
    manager = KernelManager(connection_file=os.path.join(runtime, "kernel-%s.json" % uuid.uuid4()))
    manager.start_kernel(env=dict(os.environ, JPY_SESSION_NAME=name))
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    tell({"ready": True})
    try:
        for line in sys.stdin:
            tell(answer(client, json.loads(line)))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def answer(client, wish):
    if "start" in wish:
        client.execute(wish["start"])
        return {"started": True}
    if "execute" in wish:
        reply = client.execute_interactive(wish["execute"], timeout=120, output_hook=lambda message: None)
        content = reply["content"]
        return {"status": content["status"], "count": content["execution_count"], "error": content.get("evalue")}
    reply = client.execute_interactive(
        "", silent=True, store_history=False, user_expressions={"state": STATE}, timeout=60)
    value = reply["content"]["user_expressions"]["state"]["data"]["text/plain"]
    return json.loads(ast.literal_eval(value))


def tell(value):
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
