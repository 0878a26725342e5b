"""Where each character of a normalised text came from, so that what was found there can be shown where it was written."""

import unicodedata

from text.normalise import normalise

_NEAR = 64
"""Raw characters that are looked at to find one again: longer runs of invisible characters are stepped over one by one."""


def aligned(raw: str) -> tuple[str, list[int]]:
    """Return `normalise(raw)` and, for each of its characters and for its end, a place in `raw`.

    The places never fall. A character that normalising leaves alone stands where it stood.
    """
    clean = normalise(raw)
    if clean == raw:
        return clean, list(range(len(raw) + 1))
    places: list[int] = []
    at = 0
    rest = ""
    """What of the form of raw[at - 1] is still to come: one character may become several."""
    for character in clean:
        if rest.startswith(character):
            places.append(at - 1)
            rest = rest[1:]
            continue
        found = next(
            (place for place in range(at, min(at + _NEAR, len(raw))) if _form(raw[place]).startswith(character)), None
        )
        if found is None:  # a composed character, or one after a long run that was left out
            found = _nearest(raw, at, character)
        places.append(found)
        rest = _form(raw[found])[1:] if found < len(raw) else ""
        at = min(found + 1, len(raw))
    places.append(min(places[-1] + 1, len(raw)) if places else 0)
    return clean, places


def _form(character: str) -> str:
    if character in "\r\u2028":
        return "\n"
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"
    if character.isspace() and character != "\n":
        return " "
    return normalise(character) or unicodedata.normalize("NFKC", character)


def _nearest(raw: str, at: int, character: str) -> int:
    """Return the first place from `at` on whose base letter it is, else the next letter, else the end."""
    base = unicodedata.normalize("NFD", character)[0]
    for place in range(at, len(raw)):
        form = _form(raw[place])
        if form and (form[0] == character or unicodedata.normalize("NFD", form)[0] == base):
            return place
    return min(at, max(len(raw) - 1, 0))
