"""What is put to the engines under test, a workload a file."""
