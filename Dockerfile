# The static binary and nothing else. It is not compiled here: the context holds, in a folder for each
# processor, the same files that the release's archives do.
FROM scratch
ARG TARGETARCH
COPY ${TARGETARCH}/mfa-gate /mfa-gate
USER 65534:65534
WORKDIR /work
ENTRYPOINT ["/mfa-gate"]
# Bitbucket Pipelines starts a pipe without arguments.
CMD ["pipe"]
