#!/usr/bin/env python3
"""Draws the icons of every platform from flightdeck.svg. Needs rsvg-convert; the two containers are written here."""

import struct
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
SIZES = [16, 32, 48, 64, 128, 256, 512]
ICO = [16, 32, 48, 64, 256]
ICNS = {b"icp4": 16, b"icp5": 32, b"ic07": 128, b"ic08": 256, b"ic09": 512, b"ic11": 32, b"ic12": 64, b"ic13": 256}


def draw(size: int) -> bytes:
    command = ["rsvg-convert", "-w", str(size), "-h", str(size), str(HERE / "flightdeck.svg")]
    return subprocess.run(command, check=True, capture_output=True).stdout


def ico(pictures: list[tuple[int, bytes]]) -> bytes:
    offset = 6 + 16 * len(pictures)
    head, body = struct.pack("<HHH", 0, 1, len(pictures)), b""
    for size, data in pictures:
        head += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(data), offset + len(body))
        body += data
    return head + body


def icns(pictures: dict[int, bytes]) -> bytes:
    body = b"".join(kind + struct.pack(">I", 8 + len(pictures[size])) + pictures[size] for kind, size in ICNS.items())
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def main() -> None:
    pictures = {size: draw(size) for size in SIZES}
    for name, size in {"32x32": 32, "128x128": 128, "128x128@2x": 256, "icon": 512}.items():
        (HERE / f"{name}.png").write_bytes(pictures[size])
    (HERE / "icon.ico").write_bytes(ico([(size, pictures[size]) for size in ICO]))
    (HERE / "icon.icns").write_bytes(icns(pictures))


if __name__ == "__main__":
    main()
