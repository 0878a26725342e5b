"""`bench`: every figure beside the peer or bound that it was held against in the same run."""
