"""`sticli bench`: what a machine does, measured.

llama.cpp within this process waits as it does in a worker; it is told before it is loaded.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as daemon/worker_process.py has it, and why
