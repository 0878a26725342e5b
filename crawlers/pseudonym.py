"""The keyed pseudonym of an author: enough to count distinct voices and to forget one, nothing else."""

import hmac
from hashlib import sha256

from contracts.errors import NotConfigured

SECRET_BYTES_MIN = 16


def pseudonym(secret: bytes, platform: str, author: str) -> str:
    """Return 32 hex digits (HMAC-SHA256, cut to 16 bytes) of an author within a platform; "" for no author.

    The platform is part of the message: the same name on two platforms gives two unrelated pseudonyms.
    Raises NotConfigured for a secret that is too short to keep anything.
    """
    if len(secret) < SECRET_BYTES_MIN:
        raise NotConfigured(
            f"作者化名密钥只有 {len(secret)} 字节，至少要 {SECRET_BYTES_MIN} 字节：请用 qingting init 重新生成密钥。"
        )
    author = author.strip()
    if not author:
        return ""
    place = platform.encode("utf-8", "surrogatepass")
    message = b"author\0" + len(place).to_bytes(4, "big") + place + author.encode("utf-8", "surrogatepass")
    return hmac.digest(secret, message, sha256)[:16].hex()
