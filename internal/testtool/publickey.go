package testtool

// PublicKey is one of OpenPGP in ASCII armour, with which nothing is signed.
const PublicKey = `-----BEGIN PGP PUBLIC KEY BLOCK-----
Comment: an example

mDMEawlNxxYJKwYBBAHaRw8BAQdAw2c/ayc8o4mYCRNoT2b/ttVPV8iAdougbpLB
vhkyjQq0J0V4YW1wbGUgcGFja2FnZXMgPHBhY2thZ2VzQGV4YW1wbGUuY29tPoiQ
BBMWCAA4FiEEJG/wcOsbo0b7bZVstNbp53f0xakFAmsJTccCGwMFCwkIBwIGFQoJ
CAsCBBYCAwECHgECF4AACgkQtNbp53f0xalRbgEA6M3PD6MzC2fRzrEW3bN23vuT
iIX0nqy9zrYCsrOSLdcA/1+m5JDbP2WKGgft1QyiprhW8wDHaTICk13HEmnSPwYK
=W71O
-----END PGP PUBLIC KEY BLOCK-----
`
