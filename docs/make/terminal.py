"""What a program writes to a terminal, as a picture."""
import html
import re
import unicodedata

COLOURS = {"31": "#e06c75", "33": "#e5c07b", "34": "#61afef", "35": "#c678dd", "36": "#56b6c2"}
LINE, CELL, MARGIN = 18, 7.83, 16


def cells(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def spans(line):
    out, bold, colour = "", False, None
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b"):
            for code in part[2:-1].split(";"):
                bold = code == "1" or (bold and code not in ("0", ""))
                colour = COLOURS.get(code, None if code in ("0", "") else colour)
        elif part:
            text = html.escape(part, quote=False).replace(" ", "\u00a0")  # which every reader keeps
            fill = colour or ("#ffffff" if bold else None)
            style = (f' fill="{fill}"' if fill else "") + (' font-weight="bold"' if bold else "")
            out += f"<tspan{style}>{text}</tspan>" if style else text
    return out


def svg(text, label):
    lines = text.rstrip("\n").split("\n")
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
    width = round(max(map(cells, plain)) * CELL) + 2 * MARGIN
    height = len(lines) * LINE + MARGIN + 4
    out = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
           f'aria-label="{html.escape(label)}"><rect width="100%" height="100%" rx="8" fill="#1e2127"/>'
           '<g font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="13" fill="#abb2bf">\n')
    for number, line in enumerate(lines):
        if line:
            out += f'<text x="{MARGIN}" y="{29 + number * LINE}">{spans(line)}</text>\n'
    return out + "</g></svg>\n"
