"""Second stage of a kernel of ours: starts ipykernel as Jupyter does, from the overlay when the user has none.

Arguments: connection file, overlay folder (or nothing), file to create when there is no ipykernel at all.
"""

import sys

# The notebook's folder must not shadow the standard library while the kernel loads; IPython adds it again.
if sys.path and sys.path[0] == "":
    del sys.path[0]


def bounded(send, stream_limit=1 << 21, data_limit=1 << 25):
    """Wraps `Session.send`: one print of a gigabyte must not become one message of a gigabyte."""
    import functools

    @functools.wraps(send)
    def sender(session, stream, message, *args, **kwargs):
        content = message.get("content") if isinstance(message, dict) else kwargs.get("content")
        if isinstance(content, dict):
            text = content.get("text")
            if isinstance(text, str) and len(text) > stream_limit:
                content["text"] = text[:stream_limit]
            data = content.get("data")
            if isinstance(data, dict):
                for kind, value in list(data.items()):
                    if isinstance(value, (str, bytes)) and len(value) > data_limit:
                        data[kind] = value[:stream_limit]
        return send(session, stream, message, *args, **kwargs)

    return sender


def main():
    """Leaves `sys.argv` as a notebook knows it: the launcher and `-f FILE`."""
    import importlib.util
    import runpy

    connection, overlay, missing = sys.argv[1:4]
    if overlay:
        sys.path.append(overlay)
    if importlib.util.find_spec("ipykernel") is None:
        open(missing, "w").close()
        sys.exit("no ipykernel in " + sys.executable)
    import jupyter_client.session

    jupyter_client.session.Session.send = bounded(jupyter_client.session.Session.send)
    sys.argv = ["ipykernel_launcher.py", "-f", connection]
    runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)


main()
