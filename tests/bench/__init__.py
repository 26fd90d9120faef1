"""What `make bench` measures: crawl, reading, keeping, storage and memory, against the goals in docs/performance.md.

One module a measurement; `__main__` chooses among them and prints the table. The site is the recorded one where it
lies beside the checkout, else the replica. Times are of whole processes, with the processor seconds beside the wall's.
"""
