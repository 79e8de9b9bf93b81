#pragma once

#include <QColor>
#include <QPointF>
#include <QString>

#include "precedent/workspace/evaluation_table.h"

class QPainter;

namespace precedent::ui {

/// "quickstart" for what a run trained, else the model's name; and the smaller words after it ("run-1@80").
[[nodiscard]] QString nameOf(const workspace::TableRow& row);
[[nodiscard]] QString detailOf(const workspace::TableRow& row);
/// "quickstart run-1@80, cases": in sentences and beside points.
[[nodiscard]] QString labelOf(const workspace::TableRow& row);
/// The text colour for models that no run trained, else that of the run's preset. Ask again when the theme changes.
[[nodiscard]] QColor colorOf(const workspace::TableRow& row);

/// The head of a column, and what it is in words.
[[nodiscard]] QString headOf(workspace::TableColumn column, bool checked);
[[nodiscard]] QString aboutColumn(workspace::TableColumn column);
/// "benign refused"
[[nodiscard]] QString wordsOf(workspace::TableColumn column);
/// "attack success 12.0 %", and with its interval, n and who measured it.
[[nodiscard]] QString wordsOf(const workspace::TableMeasure& measure);
[[nodiscard]] QString aboutMeasure(const workspace::TableMeasure& measure);
/// "34.1", and "[30, 38]" in whole per cent.
[[nodiscard]] QString percentOf(double share);
[[nodiscard]] QString intervalOf(const workspace::Estimate& estimate);

/// The mode's shape (none circle, codes square, cases triangle) of `size` px around a centre.
void paintModeMark(QPainter& painter, const QPointF& centre, double size, Mode mode, const QColor& color);

} // namespace precedent::ui
