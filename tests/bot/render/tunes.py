"""Tunes with what is hard to print and to play: endings, pickups, triplets, ties, accidentals."""

JIG = """X:1
T:Tatter Jack Éirinn's Café
R:jig
M:6/8
L:1/8
K:F#m
|: c | F3 A2 F | c3 e2 c | dcB AGF | GEE E2 c | F3 A2 F | c3 e2 c | dcB AGE |1 F3 F2 :|2 F3 F2 ||
|: e | f2 f fga | e2 c c2 e | ^dcB ABc | =def gab- | b2 f fga | e^dc c2 e | =dcB AG^E |1 F3 F2 :|2 F3 F2 |]
"""
HORNPIPE = """X:1
T:The Boys of Bluehill
R:hornpipe
M:4/4
L:1/8
K:D
|: (3ABc | dBAF (3DEF AF | B2 BA BcdB | A>FA>F (3GAB (3ABA | (3gfe (3fed e2 (3ABc |
d2 (3fed A2 FA | B2 BA B2 (3efg | fafd egec | d2 f2 d2 :|
|: fg | afdf a2 gf | g2 (3B2c2d2 | efge c'ege | f/g/f/e/ d^c d2 ^cd |
B=c ^cd e4- | e8 | fafd egec | d2 f2 d2 :|
"""
REEL = """X:1
T:The Mason's Apron
R:reel
M:C|
L:1/8
K:A
|: ed | cAAB cABc | cABc dBed | cAAB cAce | faef ecBc | dBBA B2 Bc | dcde fefg | agaf edcB | A2 A2 A2 :|
|: ed | ceae ceae | ceae dced | cAAB cAce | faef ecBc | dBBA B2 Bc | dcde fefg | agaf edcB | A2 A2 A2 :|
"""
