"""Markdown, as far as this project's documents use it, in the macros of man(7)."""
import re

SIGNS = {"…": "...", "→": "\\(->", "×": "\\(mu", "≤": "\\(<=", "≥": "\\(>=", "–": "\\(en", "—": "\\(em", "·": "\\(md", "²": "\\(S2"}
WIDTH = 78


def escaped(text):
    """Text in which nothing is a request or an escape."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "".join(SIGNS.get(c, c) for c in text)


def inline(text):
    """Code and strong words are bold; of a link its text is left."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    out = ""
    for part in re.split(r"(`[^`]+`|\*\*[^*]+\*\*)", text):
        bold = part[:1] == "`" or part[:2] == "**"
        out += f"\\fB{escaped(part.strip('`*'))}\\fR" if bold else escaped(part)
    return out


def filled(text):
    """Lines that are short enough for mandoc -Tlint, none of which begins a request."""
    lines, line = [], ""
    for word in text.split():
        if line and len((line + " " + word).encode()) > WIDTH:
            lines.append(line)
            line = word
        else:
            line = (line + " " + word).strip()
    lines.append(line)
    return "".join(("\\&" if line[:1] in ".'" else "") + line + "\n" for line in lines if line)


def literal(lines):
    out = ".RS 4\n.nf\n"
    for line in lines:
        text = escaped(line.expandtabs(8))
        out += ("\\&" if text[:1] in (".", "'", "") else "") + text + "\n"
    return out + ".fi\n.RE\n"


def tagged(term, text):
    return f".TP\n{filled(inline(term))}{filled(inline(text))}"


def cells(row):
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def table(rows):
    """A row is its first cell, and below it the others under their headings."""
    head, out, first = cells(rows[0]), "", ""
    for row in rows[2:]:
        name, *rest = cells(row)
        first = name or first
        named = [f"{h}: {c}" if h and len(rest) > 1 else c for h, c in zip(head[1:], rest) if c]
        out += tagged(first, "; ".join(named))
    return out


def blocks(markdown):
    """Everything below a heading."""
    out, lines, at = "", markdown.strip("\n").split("\n"), 0
    fresh = True  # right behind a heading, where a paragraph needs no macro
    while at < len(lines):
        line = lines[at]
        end = at + 1
        if not line.strip() or line.startswith("<!--"):
            at = end
            continue
        if line.startswith("```"):
            while not lines[end].startswith("```"):
                end += 1
            out += ("" if fresh else ".PP\n") + literal(lines[at + 1:end])
            end += 1
        elif line.startswith("#"):
            out += f".SS {inline(line.lstrip('# '))}\n"
        elif line.startswith("|"):
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            out += table(lines[at:end])
        elif re.match(r"[-*] ", line):
            while end < len(lines) and lines[end].startswith("  "):
                end += 1
            out += ".IP \\(bu 2\n" + filled(inline(" ".join(l.strip() for l in lines[at:end])[2:]))
        else:
            while end < len(lines) and lines[end].strip() and not re.match(r"```|#|\||[-*] ", lines[end]):
                end += 1
            out += ("" if fresh else ".PP\n") + filled(inline(" ".join(lines[at:end])))
        fresh = line.startswith("#")
        at = end
    return out


def page(name, section, date, title, parts):
    """`parts`: headings and their text in roff."""
    out = f'.TH {escaped(name.upper())} {section} "{date}" "portcullis" "{title}"\n'
    for heading, text in parts:
        out += f".SH {escaped(heading.upper())}\n{text}"
    return out
