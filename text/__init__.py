"""Pure functions on text: mask, normalise, split, sketch; used at the edge, by the scorer and in drafts."""
