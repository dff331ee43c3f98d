"""TRANSFORMERS and ESTIMATORS: what compiles each class of scikit-learn."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from sagectl.compiler.frontends.sklearn import products, steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagectl.compiler.frontends.sklearn.steps import Step

TRANSFORMERS: Mapping[str, Step] = MappingProxyType(
    {
        "Binarizer": products.binarizer,
        "MaxAbsScaler": steps.max_abs_scaler,
        "MinMaxScaler": steps.min_max_scaler,
        "Normalizer": products.normalizer,
        "PCA": products.pca,
        "RobustScaler": steps.robust_scaler,
        "SimpleImputer": steps.imputer,
        "StandardScaler": steps.standard_scaler,
        "TruncatedSVD": products.truncated_svd,
    }
)
ESTIMATORS: Mapping[str, Step] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "ARDRegression", "BayesianRidge", "ElasticNet", "ElasticNetCV",
                "HuberRegressor", "Lars", "Lasso", "LassoCV", "LassoLars",
                "LinearRegression", "LinearSVR", "Ridge", "RidgeCV",
                "SGDRegressor", "TheilSenRegressor",
            ),
            steps.linear_regressor,
        ),
        **dict.fromkeys(
            (
                "LinearSVC", "PassiveAggressiveClassifier", "Perceptron", "RidgeClassifier",
                "RidgeClassifierCV",
            ),
            steps.linear_classifier,
        ),
        **dict.fromkeys(
            ("GammaRegressor", "PoissonRegressor", "TweedieRegressor"),
            products.generalised_regressor,
        ),
        "SGDClassifier": products.descended_classifier,
        "LogisticRegression": steps.logistic_regression,
        "LogisticRegressionCV": steps.logistic_regression,
        **dict.fromkeys(
            (
                "DecisionTreeRegressor", "ExtraTreeRegressor", "ExtraTreesRegressor",
                "RandomForestRegressor",
            ),
            steps.forest_regressor,
        ),
        **dict.fromkeys(
            (
                "DecisionTreeClassifier", "ExtraTreeClassifier", "ExtraTreesClassifier",
                "RandomForestClassifier",
            ),
            steps.forest_classifier,
        ),
        "GradientBoostingRegressor": steps.boosted_regressor,
        "GradientBoostingClassifier": steps.boosted_classifier,
        "HistGradientBoostingRegressor": steps.histogram_regressor,
        "HistGradientBoostingClassifier": steps.histogram_classifier,
    }
)  # fmt: skip
