"""The embedded stack: the real Apache Kafka broker and a real Redis server as child processes (architecture §2.7, §8).

Reading order: `trouble` (what can go wrong, with what to do), `versions` (the one place of versions and settings),
`children` and `launcher` (processes that die with us), `ports`, `data_directory`, `jars` (the broker's class path),
`java` (a JVM), `class_archive` (what lets it start quickly), `broker`, `redis`, `stack` (both and the workers, in one
directory), `demo` (the example company).

May import contract. Must never: outlive its parent, listen on anything but loopback, or stand in for the real thing.
"""
