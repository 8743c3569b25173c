"""Writes small wheels into a folder: NAME VERSION [FILE …] groups, separated by commas."""

import os
import sys
import zipfile


def write(folder, name, version, files):
    """One wheel with these files."""
    info = "%s-%s.dist-info" % (name, version)
    content = {path: "" for path in files or [name + ".py"]}
    content[info + "/METADATA"] = "Metadata-Version: 2.1\nName: %s\nVersion: %s\n" % (name, version)
    content[info + "/WHEEL"] = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    content[info + "/RECORD"] = "".join("%s,,\n" % path for path in list(content) + [info + "/RECORD"])
    with zipfile.ZipFile(os.path.join(folder, "%s-%s-py3-none-any.whl" % (name, version)), "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)


for group in sys.argv[2].split(","):
    parts = group.split()
    write(sys.argv[1], parts[0], parts[1], parts[2:])
