"""The edge: turns the public web and files into masked posts on `posts.fetched`."""
