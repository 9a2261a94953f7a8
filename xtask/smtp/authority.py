"""Makes ca.pem, and a certificate for localhost (cert.pem, key.pem) that it issued, in the directory that is named."""

import pathlib
import sys

import trustme

directory = pathlib.Path(sys.argv[1])
authority = trustme.CA()
certificate = authority.issue_cert("localhost")
authority.cert_pem.write_to_path(directory / "ca.pem")
certificate.private_key_pem.write_to_path(directory / "key.pem")
certificate.cert_chain_pems[0].write_to_path(directory / "cert.pem")
