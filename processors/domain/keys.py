"""Keys of records: parts joined by `|`, an inner `|` or `\\` escaped by `\\` (`contract.md` §1); absent parts empty."""


def join(*parts: str) -> str:
    """The key of the given parts; `split` gives them back."""
    key = "|".join(parts)
    if "\\" not in key and key.count("|") == len(parts) - 1:
        return key
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def part(text: str) -> str:
    """One part as it stands in a key: `join(a, b)` is `f"{part(a)}|{part(b)}"`."""
    if "|" in text or "\\" in text:
        return text.replace("\\", "\\\\").replace("|", "\\|")
    return text


def split(key: str) -> tuple[str, ...]:
    """The parts of a key. ValueError where an escape is unfinished or escapes neither `|` nor `\\`."""
    if "\\" not in key:
        return tuple(key.split("|"))
    parts, part, letters = [], "", iter(key)
    for letter in letters:
        if letter == "|":
            parts.append(part)
            part = ""
        elif letter == "\\":
            escaped = next(letters, "")
            if escaped not in ("|", "\\") or not escaped:
                raise ValueError(f"expected an escaped | or \\ after \\, got {escaped!r} in key {key!r}")
            part += escaped
        else:
            part += letter
    parts.append(part)
    return tuple(parts)
