#!/bin/sh
# Removes from an installation what only those need who build or test the libraries in it: `prune.sh VENV`.
set -eu
packages=$(echo "$1"/lib/python3.*/site-packages)
cd "$packages"
rm -rf torch/test torch/include torch/share                      # headers
find torch/bin -type f ! -name torch_shm_manager -delete         # protoc, test binaries
rm -rf music21/corpus/[a-zA-Z]*/ music21/test                    # scores; training reads them, the bot does not
rm -rf matplotlib/tests matplotlib/mpl-data/sample_data matplotlib/backends/web_backend
find numba llvmlite numpy sympy networkx mpmath -type d -name tests -prune -exec rm -rf {} +
find . -name '*.pyi' -delete
# not those that auditwheel has changed, such as numpy's: they do not survive it
strip --strip-unneeded torch/lib/libtorch_cpu.so torch/lib/libtorch_python.so llvmlite/binding/*.so typst/*.so
rm -rf pip setuptools pip-*.dist-info setuptools-*.dist-info
find . -type d -name __pycache__ -prune -exec rm -rf {} +
