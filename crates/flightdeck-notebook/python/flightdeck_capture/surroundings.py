"""Python, platform and packages of the kernel, and what the files it used look like at the end."""

import email.parser
import hashlib
import importlib.metadata as metadata
import json
import os
import platform
import sys

# Reading a distribution's metadata needs it; imported by name so that a live kernel can be rid of it again.
PARSER = email.parser.Parser
HASHED_BYTES = 2 << 30


def python():
    """The interpreter."""
    return {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable or "",
        "prefix": sys.prefix,
    }


def machine():
    """The computer."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "processor": processor(),
        "cpus": os.cpu_count() or 1,
        "memory_bytes": memory_bytes(),
    }


def processor():
    """The processor's name, without starting a program to ask for it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith(("model name", "Model", "Hardware")):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return os.environ.get("PROCESSOR_IDENTIFIER") or platform.machine()


def memory_bytes():
    """Main memory, or None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def packages(options):
    """The user's installed distributions by name, with where each came from if that was noted."""
    ours = our_folders(options)
    found = {}
    for distribution in metadata.distributions(path=[p for p in sys.path if os.path.realpath(p) not in ours]):
        name = distribution.metadata["Name"]
        if name and name not in found:
            found[name] = {"name": name, "version": distribution.version or "", "direct_url": direct_url(distribution)}
    return [found[name] for name in sorted(found, key=str.lower)]


def our_folders(options):
    """Where packages are that came with us and are not of the user's environment."""
    given = [options.get("kernel_overlay"), options.get("python_overlay")]
    if not given[0]:
        given.append(kernel_overlay(getattr(sys.modules.get("ipykernel"), "__file__", None)))
    return {os.path.realpath(folder) for folder in given if folder}


def kernel_overlay(file):
    """The overlay that ipykernel was loaded from, told by its name; nothing where it is the user's own."""
    folder = os.path.dirname(os.path.dirname(os.path.abspath(file))) if file else ""
    ours = os.path.basename(folder).startswith("kernel-") and os.path.basename(os.path.dirname(folder)) == "overlays"
    return folder if ours else None


def direct_url(distribution):
    """`direct_url.json`, or None."""
    try:
        text = distribution.read_text("direct_url.json")
        return json.loads(text) if text else None
    except (OSError, ValueError):
        return None


def overlay_packages(folder):
    """The pins of our own overlay folder."""
    if not folder or not os.path.isdir(folder):
        return []
    found = [(d.metadata["Name"], d.version) for d in metadata.distributions(path=[folder])]
    return [{"name": name, "version": version} for name, version in sorted(set(found))]


def files(touched):
    """What was read and written: size, SHA-256 up to 2 GiB, time of the last change; what was never there is left out."""
    found = [(path, mode, cell) for (path, mode), cell in sorted(touched.items()) if not os.path.isdir(path)]
    return [file_entry(*one) for one in found if one[1] == "write" or os.path.exists(one[0])][:2000]


def file_entry(path, mode, cell):
    """One file as it is now; a file that is gone has no size."""
    entry = {"path": path, "mode": mode, "bytes": None, "sha256": None, "mtime_ms": None, "cell": cell}
    try:
        facts = os.stat(path)
        entry["bytes"] = facts.st_size
        entry["mtime_ms"] = facts.st_mtime_ns // 1000000
        if os.path.isfile(path) and facts.st_size <= HASHED_BYTES:
            entry["sha256"] = sha256(path)
    except OSError:
        pass
    return entry


def sha256(path):
    """The digest of a file, a megabyte at a time."""
    state = hashlib.sha256()
    with open(path, "rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            state.update(part)
    return state.hexdigest()
