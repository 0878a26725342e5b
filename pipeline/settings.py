"""Settings of the understanding stages and of the two roles that run them."""

import msgspec


class PipelineSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Section `[pipeline]`."""

    scorer: str = "ngram"
    """`ngram`, `snownlp` (the baseline: slow, needs `pip install "qingting[baseline]"`), or `encoder:FOLDER` (an ONNX file or a module; see `pipeline.scorers.encoder`)."""
    score_batch: int = 500
    in_flight: int = 4
    index_batch: int = 1000
