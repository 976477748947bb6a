"""What several suites need: real servers on loopback, certificates, ports."""
