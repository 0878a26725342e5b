"""The cluster's figures, each beside the peer or bound that it was held against in the same run."""
