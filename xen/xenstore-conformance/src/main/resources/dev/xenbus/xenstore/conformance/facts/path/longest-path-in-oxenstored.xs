# A path has at most 1024 bytes, a domain's prefix not counted, whoever asks.
# profiles: ocaml
s1  READ /{x*1023}                   ENOENT
s1  READ /{x*1024}                   EINVAL
s1  READ /local/domain/99/{x*1024}   ENOENT
s1  READ /local/domain/99/{x*1025}   EINVAL
d5  READ {x*1024}                    ENOENT
d5  READ {x*1025}                    EINVAL
