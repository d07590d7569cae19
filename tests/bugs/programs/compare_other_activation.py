"""Two versions of a network: one layer has another activation.

cause: relu
"""

import wengert as wg


def network(x, activation):
    h = wg.tanh(x * 2)
    k = activation(h)  # cause
    return (k * k).mean()


x = wg.tensor([-0.5, 0.1, 0.7], requires_grad=True)

answer = wg.graph(network(x, wg.sigmoid)).compare(wg.graph(network(x, wg.relu)))
