"""The numbers of svr_test.cpp and scaling_test.cpp, by scikit-learn (they are of version 1.9.1):

    pip install scikit-learn && python tests/tune/make_svr_reference.py [hpo_mlpf_delphes_curves.csv]
"""
import csv
import sys

import numpy as np
from sklearn.metrics import r2_score
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer
from sklearn.svm import SVR, NuSVR


def show(name, values):
    print(name, "{" + ", ".join(f"{value:.6f}" for value in values) + "}")


def made_curves(first, last):
    """Losses after epochs 1 to 12 of made-up trainings, as make_curve() of the tests has them."""
    epochs = np.arange(1, 13)
    return np.array([1 + 0.3 * np.sin(k) + (1 + 0.5 * np.cos(2 * k)) * epochs ** (-0.5 - 0.02 * k)
                     for k in range(first, last)])


def predict(machine, train, test, n_known):
    x = MinMaxScaler().fit(train[:, :n_known])
    y = MinMaxScaler().fit(train[:, -1:])
    machine.fit(x.transform(train[:, :n_known]), y.transform(train[:, -1:])[:, 0])
    return machine.predict(x.transform(test[:, :n_known]))


train, test = made_curves(0, 20), made_curves(20, 26)
show("made curves, nu-SVR", predict(NuSVR(), train, test, 6))
show("made curves, nu-SVR nu .3 C 2 gamma .5", predict(NuSVR(nu=0.3, C=2, gamma=0.5), train, test, 6))
show("made curves, epsilon-SVR", predict(SVR(epsilon=0.02, gamma=0.1, C=67.61), train, test, 6))
column = np.array([3, 1, 2, 2, 2, 2, 2, 7, 4], float)[:, None]
quantiles = QuantileTransformer(n_quantiles=5).fit(column)
show("quantiles", quantiles.transform(np.array([0, 1, 1.5, 2, 3.2, 6, 7, 8])[:, None])[:, 0])
show("R2 of (1 2 4 5) by (1 3 4 4)", [r2_score([1, 2, 4, 5], [1, 3, 4, 4]), r2_score([1, 3, 4, 4], [1, 2, 4, 5])])

if len(sys.argv) > 1:
    table = np.array(list(csv.reader(open(sys.argv[1])))[1:], float)[:, 7:]
    show("MLPF, 15 curves, epochs 12 of 25, the next 6", predict(NuSVR(), table[:15, :25], table[15:21, :25], 12))
    show("MLPF, 100 curves, epochs 25 of 100, the next 6", predict(NuSVR(), table[:100], table[100:106], 25))
