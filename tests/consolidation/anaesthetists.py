"""Table 1 of Dawid and Skene (1979): five anaesthetists on the fitness of 45 patients.

Seven answers for each patient: three of the first observer, then one of each other. The same
answers, patient by patient, as in the public implementation github.com/dallascard/dawid_skene
(7cfb2b3), whose marginals and error rates those of the tests are to 5e-6.
"""

from __future__ import annotations

ROWS = """
1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223 2322223
4444444 2223343 1111111 2223212 1211111 1112111 1111111 1111111 2222221 2221322
2222222 2222221 2223222 2212222 1111111 1111111 2322222 1111111 1111111 1121121
1111111 3333233 1111111 2222222 2223232 4334343 2212232 2323233 3333432 1111111
1111111 1212111 2322222 1211111 2222222
"""
TABLE = ROWS.split()
OBSERVERS = (0, 0, 0, 1, 2, 3, 4)

OBJECTS = [patient for patient in range(len(TABLE)) for _ in OBSERVERS]
WORKERS = [observer for _ in TABLE for observer in OBSERVERS]
ANSWERS = [int(answer) - 1 for row in TABLE for answer in row]
