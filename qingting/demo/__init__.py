"""The sample town: everything in it is invented and marked 样例; it is crawled for real, over HTTP on loopback."""
