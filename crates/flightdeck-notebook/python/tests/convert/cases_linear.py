"""Linear models, neighbours, networks, and what has no trees."""

import warnings
from functools import partial

import numpy
from sklearn import (
    calibration, cluster, discriminant_analysis, ensemble, gaussian_process, linear_model, mixture, multioutput,
    naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm,
)
from sklearn.gaussian_process.kernels import RBF

import data
from cases import Case, fitted, unsupervised

CLASSIFIERS = [
    ("logistic", "LogisticRegression", lambda: linear_model.LogisticRegression(max_iter=1000)),
    ("logistic-cv", "LogisticRegressionCV", lambda: linear_model.LogisticRegressionCV(Cs=3, cv=3, max_iter=1000)),
    ("sgd", "SGDClassifier(log_loss)", lambda: linear_model.SGDClassifier(loss="log_loss", random_state=0)),
    ("sgd-hinge", "SGDClassifier", lambda: linear_model.SGDClassifier(random_state=0)),
    ("perceptron", "Perceptron", lambda: linear_model.Perceptron(random_state=0)),
    ("ridge-classifier", "RidgeClassifier", linear_model.RidgeClassifier),
    ("linear-svc", "LinearSVC", lambda: svm.LinearSVC(dual=False)),
    ("svc", "SVC", svm.SVC),
    ("svc-probability", "SVC(probability)", lambda: svm.SVC(probability=True, random_state=0)),
    ("nu-svc", "NuSVC", lambda: svm.NuSVC(nu=0.1)),
    ("neighbours", "KNeighborsClassifier", neighbors.KNeighborsClassifier),
    ("gaussian-nb", "GaussianNB", naive_bayes.GaussianNB),
    ("bernoulli-nb", "BernoulliNB", naive_bayes.BernoulliNB),
    ("mlp", "MLPClassifier", lambda: neural_network.MLPClassifier(hidden_layer_sizes=(16,), random_state=0)),
    ("calibrated", "CalibratedClassifierCV", lambda: calibration.CalibratedClassifierCV(
        linear_model.LogisticRegression(max_iter=1000), cv=3)),
    ("calibrated-isotonic", "CalibratedClassifierCV(isotonic)", lambda: calibration.CalibratedClassifierCV(
        linear_model.LogisticRegression(max_iter=1000), method="isotonic", cv=3)),
    ("qda", "QuadraticDiscriminantAnalysis", lambda: discriminant_analysis.QuadraticDiscriminantAnalysis(
        **({"reg_param": 0.1}))),
]
REGRESSORS = [
    ("linear", "LinearRegression", linear_model.LinearRegression),
    ("ridge", "Ridge", linear_model.Ridge),
    ("ridge-cv", "RidgeCV", linear_model.RidgeCV),
    ("lasso", "Lasso", lambda: linear_model.Lasso(0.1)),
    ("elastic-net", "ElasticNet", lambda: linear_model.ElasticNet(0.1)),
    ("lasso-cv", "LassoCV", lambda: linear_model.LassoCV(cv=3)),
    ("bayesian-ridge", "BayesianRidge", linear_model.BayesianRidge),
    ("ard", "ARDRegression", linear_model.ARDRegression),
    ("huber", "HuberRegressor", lambda: linear_model.HuberRegressor(max_iter=500)),
    ("lars", "Lars", linear_model.Lars),
    ("omp", "OrthogonalMatchingPursuit", linear_model.OrthogonalMatchingPursuit),
    ("theil-sen", "TheilSenRegressor", lambda: linear_model.TheilSenRegressor(random_state=0)),
    ("ransac", "RANSACRegressor", lambda: linear_model.RANSACRegressor(random_state=0)),
    ("sgd-regressor", "SGDRegressor", lambda: linear_model.SGDRegressor(random_state=0)),
    ("quantile-regressor", "QuantileRegressor", lambda: linear_model.QuantileRegressor(alpha=0.01, solver="highs")),
    ("neighbours-regressor", "KNeighborsRegressor", neighbors.KNeighborsRegressor),
    ("svr", "SVR", svm.SVR),
    ("linear-svr", "LinearSVR", lambda: svm.LinearSVR(max_iter=20000)),
    ("mlp-regressor", "MLPRegressor", lambda: neural_network.MLPRegressor(hidden_layer_sizes=(16,), random_state=0, max_iter=500)),
    ("gaussian-process", "GaussianProcessRegressor", lambda: gaussian_process.GaussianProcessRegressor(
        RBF(2.0), alpha=0.1)),
]
COUNTS = [
    ("poisson", "PoissonRegressor", linear_model.PoissonRegressor),
    ("gamma", "GammaRegressor", linear_model.GammaRegressor),
    ("tweedie", "TweedieRegressor", lambda: linear_model.TweedieRegressor(power=1.5)),
]


def scaled(model):
    """Scaled before, as is usual."""
    return lambda: pipeline.make_pipeline(preprocessing.StandardScaler(), model())


def positive():
    """Counts over positive numbers."""
    values, _ = data.digits()
    return values, (values[:, 20] > 5).astype(int)


def two_targets():
    """Two numbers at once."""
    values, target = data.diabetes()
    return values, numpy.column_stack([target, target * 0.5 + values["bmi"]])


CASES = [Case(name + end, cls, fitted(scaled(model), source), expected="wrong" if "isotonic" in name else "converts",
              maximum=None if "isotonic" in name else 1e-5)
         for name, cls, model in CLASSIFIERS for end, source in (("", data.cancer), ("-three", data.wine))]
CASES += [Case(name, cls, fitted(scaled(model), data.diabetes), maximum=2e-5) for name, cls, model in REGRESSORS]
CASES += [Case(name, cls, fitted(scaled(model), partial(data.numbers, 0, "positive")), maximum=1e-5)
          for name, cls, model in COUNTS]
CASES += [
    Case("multinomial-nb", "MultinomialNB", fitted(naive_bayes.MultinomialNB, data.digits), maximum=1e-5),
    Case("complement-nb", "ComplementNB", fitted(naive_bayes.ComplementNB, data.digits), maximum=1e-5),
    Case("linear-regression-array", "LinearRegression", fitted(linear_model.LinearRegression, data.diabetes_array),
         maximum=1e-5),
    Case("svc-digits", "SVC", fitted(lambda: svm.SVC(gamma=0.001), data.digits), maximum=0),
    Case("multi-output", "MultiOutputRegressor", fitted(lambda: multioutput.MultiOutputRegressor(
        linear_model.Ridge()), two_targets), maximum=1e-5),
    Case("multi-output-forest", "RandomForestRegressor", fitted(lambda: ensemble.RandomForestRegressor(
        20, random_state=0), two_targets), maximum=1e-5),
    Case("lda-three", "LinearDiscriminantAnalysis", fitted(
        discriminant_analysis.LinearDiscriminantAnalysis, data.wine), maximum=1e-5),
    Case("k-means", "KMeans", unsupervised(lambda: cluster.KMeans(4, random_state=0, n_init=3), data.wine), maximum=0),
    Case("gaussian-mixture", "GaussianMixture", unsupervised(lambda: mixture.GaussianMixture(3, random_state=0),
                                                             data.iris), maximum=1e-5),
    Case("isolation-forest", "IsolationForest", unsupervised(lambda: ensemble.IsolationForest(
        n_estimators=50, random_state=0), data.cancer), maximum=0),
    Case("local-outlier-factor", "LocalOutlierFactor", unsupervised(lambda: neighbors.LocalOutlierFactor(
        novelty=True), data.iris), maximum=0),
    Case("one-class-svm", "OneClassSVM", unsupervised(lambda: svm.OneClassSVM(nu=0.1), data.iris), maximum=0),
]
warnings.filterwarnings("ignore")
