"""After a refactoring two results differ: the arguments of a subtraction were swapped.

cause: sub
"""

import wengert as wg


def model(x, swapped):
    h = wg.tanh(x)
    if swapped:
        r = 1 - h  # cause
    else:
        r = h - 1
    return (r * wg.sin(h)).sum()


x = wg.tensor([0.1, 0.2], requires_grad=True)

answer = wg.graph(model(x, False)).compare(wg.graph(model(x, True)))
