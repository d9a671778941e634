# `make run` starts the program and `make test` tests it; both set up what they need first.

# Another Python can be named: make run PYTHON=/usr/local/bin/python3.12
PYTHON = $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
DISPLAY_HERE := $(DISPLAY)$(WAYLAND_DISPLAY)$(filter Darwin,$(shell uname))

export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: run test docs test-processors wheel-test lint setup translation translations

run: setup
ifeq ($(DISPLAY_HERE),)
	@echo "There is no display here: swapping the sample pair without the editor."
	@$(BIN)/python main.py demo
else
	@$(BIN)/python main.py edit
endif

test: lint
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -q --cov --cov-report=term

# The documentation as a site, in out/site; a broken link or docstring fails.
docs: setup
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

# The wheel, installed outside the checkout.
wheel-test: setup
	@tools/test_wheel.sh $(BIN)/python

# The numeric tests with the kernels of two older x86 processors, see CONTRIBUTING.md.
NUMERIC := $(addprefix tests/unit/,core networks engine train cli) tests/gui/test_true_engine.py
SSE := OPENBLAS_CORETYPE=Prescott ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 \
	NPY_DISABLE_CPU_FEATURES=X86_V3,X86_V4,AVX512_ICL OMP_NUM_THREADS=1
AVX2 := OPENBLAS_CORETYPE=Haswell ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 OMP_NUM_THREADS=2

test-processors: setup
	@for kernels in "$(SSE)" "$(AVX2)"; do \
		env $$kernels QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -q $(NUMERIC) || exit 1; \
	done

# The hooks of .pre-commit-config.yaml; without a Git repository the same tools, one by one.
lint: setup
	@if git rev-parse --git-dir >/dev/null 2>&1; then \
		pre-commit run --all-files; \
	else \
		ruff check && ruff format --check && mypy && lint-imports; \
	fi

setup: $(INSTALLED)
	@tools/system_libraries.sh $(BIN)/python

# Anew when the dependencies have changed.
$(INSTALLED): pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV); the first time takes minutes and about 7 GB of disk."
	@$(BIN)/python -m pip install --disable-pip-version-check -e '.[dev]'
	@touch $@

# Debian's Python may lack ensurepip; then its pip serves the new environment.
$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "E4S Studio needs Python 3.11 or newer, and none was found on PATH."; \
		echo "Install one, or name it: make run PYTHON=/path/to/python3.12"; exit 1; fi
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
		$(PYTHON) -m venv $(VENV); \
	else \
		$(PYTHON) -m venv --without-pip $(VENV) \
		&& $(PYTHON) -m pip --python $@ install -q pip; \
	fi

# Collects the window's texts for a language: make translation LANGUAGE=de
translation: setup
	@test -n "$(LANGUAGE)" || { echo "Say which language: make translation LANGUAGE=de"; exit 1; }
	@mkdir -p resources/translations
	@$(BIN)/pyside6-lupdate $$(find e4s_studio/gui -name '*.py') \
		-ts resources/translations/e4s-studio_$(LANGUAGE).ts

translations: setup
	@$(BIN)/pyside6-lrelease resources/translations/*.ts
