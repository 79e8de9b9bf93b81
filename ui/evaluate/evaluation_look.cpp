#include "ui/evaluate/evaluation_look.h"

#include <cmath>
#include <filesystem>

#include <QCoreApplication>
#include <QLocale>
#include <QPainter>
#include <QPolygonF>

#include "precedent/workspace/figures.h"
#include "ui/shell/theme.h"

namespace precedent::ui {
namespace {

QString words(const char* text) { return QCoreApplication::translate("Evaluate", text); }
QString text(const std::string& value) { return QString::fromStdString(value); }

/// Of the checkpoint's "run:run-1@80" what follows the colon.
QString checkpointOf(const workspace::TableRow& row) { return text(row.checkpoint).section(QLatin1Char(':'), 1); }

} // namespace

QString nameOf(const workspace::TableRow& row)
{
    if (row.checkpoint.empty())
        return text(std::filesystem::path(row.model).filename().string());
    return row.preset.empty() ? checkpointOf(row) : text(row.preset);
}

QString detailOf(const workspace::TableRow& row)
{
    QStringList detail;
    if (!row.checkpoint.empty() && !row.preset.empty())
        detail += checkpointOf(row);
    if (row.checkpoint.empty() && !row.adapter.empty())
        detail += text(std::filesystem::path(row.adapter).filename().string());
    if (!row.attack.empty())
        detail += text(row.attack);
    return detail.join(QStringLiteral(", "));
}

QString labelOf(const workspace::TableRow& row)
{
    const QString detail = detailOf(row);
    return (detail.isEmpty() ? nameOf(row) : nameOf(row) + QLatin1Char(' ') + detail) + QStringLiteral(", ") +
        QString::fromLatin1(toString(row.mode));
}

QColor colorOf(const workspace::TableRow& row)
{
    // The presets' Okabe-Ito colours are those of these reward parts.
    static const QHash<QString, QString> parts{{QStringLiteral("cada"), QStringLiteral("helpful")},
        {QStringLiteral("quickstart"), QStringLiteral("helpful")}, {QStringLiteral("dpo"), QStringLiteral("disposition")},
        {QStringLiteral("da"), QStringLiteral("format")}, {QStringLiteral("sft-cases"), QStringLiteral("overlong")},
        {QStringLiteral("refusal-sft"), QStringLiteral("citation")}, {QStringLiteral("control-shuffled"), QStringLiteral("harmlessness")},
        {QStringLiteral("control-random"), QStringLiteral("harmlessness")}};
    return row.checkpoint.empty() ? Theme::instance().color(Role::text) : Theme::instance().partColor(parts.value(text(row.preset)));
}

QString headOf(workspace::TableColumn column, bool checked)
{
    const auto judged = [checked](const QString& head) { return checked ? head : words("%1, as judged").arg(head); };
    switch (column) {
    case workspace::TableColumn::harmfulAnswered:
        return judged(words("harmful answered"));
    case workspace::TableColumn::harmfulUnderAttack:
        return judged(words("under attacks"));
    case workspace::TableColumn::benignRefused:
        return judged(words("benign refused"));
    case workspace::TableColumn::benignRefusedWrapped:
        return judged(words("same wrappers"));
    case workspace::TableColumn::utility:
        return words("utility");
    case workspace::TableColumn::noAnswer:
        break;
    }
    return words("no answer");
}

QString aboutColumn(workspace::TableColumn column)
{
    switch (column) {
    case workspace::TableColumn::harmfulAnswered:
        return words("Harmful requests that were answered, per cent; lower is better.");
    case workspace::TableColumn::harmfulUnderAttack:
        return words("Harmful requests that were answered under attacks, per cent; lower is better.");
    case workspace::TableColumn::benignRefused:
        return words("Benign requests that were refused, per cent; lower is better.");
    case workspace::TableColumn::benignRefusedWrapped:
        return words("Benign requests that were refused in the same wrappers as the attacks, per cent; lower is better.");
    case workspace::TableColumn::utility:
        return words("Everyday questions that were answered right, per cent; higher is better.");
    case workspace::TableColumn::noAnswer:
        break;
    }
    return words("Answers that were none, of all requests: empty, cut off, or a chain that never closed; per cent.");
}

QString wordsOf(workspace::TableColumn column)
{
    switch (column) {
    case workspace::TableColumn::harmfulAnswered:
        return words("harmful answered");
    case workspace::TableColumn::harmfulUnderAttack:
        return words("harmful answered under attacks");
    case workspace::TableColumn::benignRefused:
        return words("benign refused");
    case workspace::TableColumn::benignRefusedWrapped:
        return words("benign refused in the same wrappers");
    case workspace::TableColumn::utility:
        return words("utility");
    case workspace::TableColumn::noAnswer:
        break;
    }
    return words("no answer");
}

QString wordsOf(const workspace::TableMeasure& measure)
{
    return text(workspace::titleOf(measure.metric) + " " + workspace::valueText(measure.metric, measure.estimate.value));
}

QString aboutMeasure(const workspace::TableMeasure& measure)
{
    return words("%1 (%2), n %L3, by %4")
        .arg(wordsOf(measure), text(workspace::intervalText(measure.metric, measure.estimate)))
        .arg(measure.estimate.n)
        .arg(text(measure.by));
}

QString percentOf(double share) { return QLocale().toString(100 * share, 'f', 1); }

QString intervalOf(const workspace::Estimate& estimate)
{
    return QStringLiteral("[%1, %2]").arg(std::lround(100 * estimate.low)).arg(std::lround(100 * estimate.high));
}

void paintModeMark(QPainter& painter, const QPointF& centre, double size, Mode mode, const QColor& color)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    const double half = size / 2;
    if (mode == Mode::none)
        painter.drawEllipse(centre, half, half);
    else if (mode == Mode::codes)
        painter.drawRect(QRectF(centre.x() - half, centre.y() - half, size, size));
    else
        painter.drawPolygon(QPolygonF({centre + QPointF(0, -half), centre + QPointF(half, half), centre + QPointF(-half, half)}));
    painter.restore();
}

} // namespace precedent::ui
