#!/usr/bin/env python3
"""Draws the app's icon: the bridge of Theme.swift in white, on harbour water. Needs nothing but Python.

    ios/App/Scripts/app-icon.py ios/App/Resources/Assets.xcassets/AppIcon.appiconset/AppIcon.png
"""

import math
import struct
import sys
import zlib

SIDE = 1024
# Of the icon's width, for the bridge's square of 24 units.
SHARE = 0.66
STROKE = 1.6
TOP, BOTTOM = (0x22, 0x68, 0x77), (0x0F, 0x40, 0x4B)

LINES = [((2, 17.5), (22, 17.5)), ((6.5, 21), (6.5, 5)), ((17.5, 21), (17.5, 5))]
LINES += [((9.5, 17.5), (9.5, 10.9)), ((12, 17.5), (12, 11.5)), ((14.5, 17.5), (14.5, 10.9))]
CURVES = [((2, 12), (5.5, 10.5), (6.5, 6)), ((6.5, 6), (12, 17), (17.5, 6)), ((17.5, 6), (18.5, 10.5), (22, 12))]


def flattened(start, control, end, steps=32):
    """A quadratic curve as short lines."""
    points = []
    for step in range(steps + 1):
        t = step / steps
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        points.append(tuple(a * s + b * m + c * e for s, m, e in zip(start, control, end)))
    return list(zip(points, points[1:]))


def distance(x, y, line):
    """From a pixel to a line with round ends."""
    (ax, ay), (bx, by) = line
    dx, dy = bx - ax, by - ay
    along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)
    along = min(1, max(0, along))
    return math.hypot(x - ax - along * dx, y - ay - along * dy)


def main():
    unit = SIDE * SHARE / 24
    # The bridge's own middle is at 13, not 12.
    place = [lambda x: SIDE / 2 + (x - 12) * unit, lambda y: SIDE / 2 + (y - 13) * unit]
    lines = LINES + [line for curve in CURVES for line in flattened(*curve)]
    lines = [tuple(tuple(put(value) for put, value in zip(place, point)) for point in line) for line in lines]
    radius = STROKE * unit / 2
    cover = [0.0] * (SIDE * SIDE)
    for line in lines:
        (left, right), (top, bottom) = (sorted(values) for values in zip(*line))
        for y in range(int(top - radius) - 1, int(bottom + radius) + 2):
            for x in range(int(left - radius) - 1, int(right + radius) + 2):
                here = min(1, max(0, radius + 0.5 - distance(x + 0.5, y + 0.5, line)))
                cover[y * SIDE + x] = max(cover[y * SIDE + x], here)
    rows = bytearray()
    for y in range(SIDE):
        water = [a + (b - a) * y / (SIDE - 1) for a, b in zip(TOP, BOTTOM)]
        rows.append(0)
        for white in cover[y * SIDE : (y + 1) * SIDE]:
            rows += bytes(round(value + (255 - value) * white) for value in water)

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    # Colour without transparency, which the App Store does not take in an icon.
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    with open(sys.argv[1], "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header))
        file.write(chunk(b"IDAT", zlib.compress(bytes(rows), 9)) + chunk(b"IEND", b""))


main()
