# make demo              the real thing, end to end, in target/demo
# make demo-interactive  the same, with a person at the page in the browser
# make test              every test that belongs to a change
# make test-full         the long matrices as well
# make bench             measurements
# make lint              formatting, clippy, licences and sources of dependencies

.PHONY: demo demo-interactive test test-full bench lint

demo:
	@scripts/timed.sh "make demo" tests/demo/run.sh

demo-interactive:
	@tests/demo/run.sh --interactive

test:
	@scripts/timed.sh "make test" scripts/test.sh

test-full:
	@scripts/timed.sh "make test-full" scripts/test.sh --full

bench:
	@scripts/timed.sh "make bench" scripts/test.sh --bench

lint:
	@scripts/timed.sh "make lint" scripts/lint.sh
