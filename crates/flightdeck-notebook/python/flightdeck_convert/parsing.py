"""What the stock parser does not know of steps: widths between them, and selectors that look like classifiers."""

import numpy
from skl2onnx import update_registered_converter
from skl2onnx._parse import _parse_sklearn_column_transformer, update_registered_parser
from skl2onnx.operator_converters.feature_selection import convert_sklearn_feature_selection
from skl2onnx.shape_calculators.feature_selection import calculate_sklearn_select
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin


class Chosen(SelectorMixin, BaseEstimator):
    """Columns that a selector chose, without the model that chose them."""

    def __init__(self, mask=None):
        self.mask = mask

    def fit(self, values, target=None):
        """Learns nothing."""
        return self

    def __sklearn_is_fitted__(self):
        """Nothing has to be learned."""
        return True

    def _get_support_mask(self):
        return numpy.asarray(self.mask)


def install():
    """Registers both."""
    update_registered_converter(Chosen, "FlightdeckChosen", calculate_sklearn_select,
                                convert_sklearn_feature_selection)
    update_registered_parser(ColumnTransformer, parse_columns)


def parse_columns(scope, model, inputs, custom_parsers=None):
    """A column transformer behind another step takes as many columns as it was fitted on."""
    shape = inputs[0].type.shape
    if len(inputs) == 1 and (len(shape) < 2 or shape[1] is None):
        inputs[0].type.shape = [None, int(model.n_features_in_)]
    return _parse_sklearn_column_transformer(scope, model, inputs, custom_parsers)
