#include "ui/evaluate/evaluation_table_model.h"

#include <QDateTime>
#include <QLocale>

#include "precedent/workspace/figures.h"
#include "ui/evaluate/evaluation_look.h"

namespace precedent::ui {
namespace {

QString text(const std::string& value) { return QString::fromStdString(value); }

} // namespace

EvaluationTableModel::EvaluationTableModel(QObject* parent)
    : QAbstractTableModel(parent)
    , m_table(std::make_shared<workspace::EvaluationTable>())
{
}

void EvaluationTableModel::setTable(Table table, std::size_t reference)
{
    beginResetModel();
    m_table = std::move(table);
    m_reference = reference;
    show();
    endResetModel();
}

void EvaluationTableModel::setFilter(const QString& filter)
{
    beginResetModel();
    m_filter = filter.trimmed();
    show();
    endResetModel();
}

void EvaluationTableModel::show()
{
    m_shown.clear();
    for (std::size_t i = 0; i < m_table->rows.size(); ++i) {
        const workspace::TableRow& row = m_table->rows[i];
        const QString all = labelOf(row) + QLatin1Char(' ') + text(row.model) + QLatin1Char(' ') + text(row.judge);
        if (m_filter.isEmpty() || all.contains(m_filter, Qt::CaseInsensitive))
            m_shown.push_back(static_cast<int>(i));
    }
}

const workspace::TableRow* EvaluationTableModel::at(int row) const
{
    return row >= 0 && row < static_cast<int>(m_shown.size()) ? &m_table->rows[static_cast<std::size_t>(tableRow(row))] : nullptr;
}

int EvaluationTableModel::rowOf(const workspace::RowKey& key) const
{
    for (int row = 0; row < static_cast<int>(m_shown.size()); ++row) {
        if (at(row)->key() == key)
            return row;
    }
    return -1;
}

int EvaluationTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_shown.size()); }

int EvaluationTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columnCount_; }

QVariant EvaluationTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const workspace::TableRow& row = *at(index.row());
    if (role == Qt::TextAlignmentRole)
        return QVariant(Qt::Alignment((isFigure(index.column()) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    if (role == Qt::ToolTipRole)
        return isFigure(index.column()) ? figureTip(row, figureAt(index.column())) : modelTip(row);
    if (role != Qt::DisplayRole && role != Qt::AccessibleTextRole)
        return {};
    if (index.column() == modelColumn)
        return nameOf(row);
    if (index.column() == modeColumn)
        return QString::fromLatin1(toString(row.mode));
    const workspace::Estimate& estimate = row.cell(figureAt(index.column())).estimate;
    return estimate.n == 0 ? QString() : percentOf(estimate.value);
}

QVariant EvaluationTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant(Qt::Alignment((section == columnCount_ - 1 ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    if (isFigure(section)) {
        if (role == Qt::DisplayRole)
            return headOf(figureAt(section), m_table->isChecked());
        return role == Qt::ToolTipRole ? QVariant(aboutColumn(figureAt(section))) : QVariant();
    }
    if (role != Qt::DisplayRole)
        return {};
    return section == modelColumn ? tr("model") : tr("mode");
}

QString EvaluationTableModel::figureTip(const workspace::TableRow& row, workspace::TableColumn column) const
{
    const workspace::TableCell& cell = row.cell(column);
    if (cell.estimate.n == 0)
        return tr("No such requests were asked.");
    QStringList lines{aboutColumn(column),
        tr("n %L1, %L2 goals; 95 % interval %3 to %4")
            .arg(cell.estimate.n)
            .arg(cell.estimate.clusters)
            .arg(percentOf(cell.estimate.low), percentOf(cell.estimate.high)),
        tr("safe-complete %L1 of %L2").arg(cell.safeCompleted).arg(cell.estimate.n)};
    for (const workspace::TableMeasure& measure : cell.measures)
        lines += aboutMeasure(measure);
    if (cell.burned > 0)
        lines += tr("%L1 held out, %L2 burned").arg(cell.estimate.n - cell.burned).arg(cell.burned);
    if (cell.test) {
        lines += tr("Against the reference row: %1 points, paired").arg(text(workspace::differenceText(cell.test->difference)));
        if (cell.test->p)
            lines += tr("p %1, by goal, adjusted (Holm)").arg(QLocale().toString(*cell.test->p, 'g', 2));
    }
    if (!row.noStar.empty())
        lines += text(row.noStar);
    lines +=
        tr("As judged by %1 (%2), %3").arg(text(row.judge), text(row.judgeHash.substr(0, 12)), text(workspace::checkSentence(row.check)));
    if (row.selfJudged)
        lines += tr("Graded by its own reward");
    return lines.join(QLatin1Char('\n'));
}

QString EvaluationTableModel::modelTip(const workspace::TableRow& row) const
{
    QStringList lines{labelOf(row),
        text(row.evaluation) + QStringLiteral(", ") +
            QLocale().toString(QDateTime::fromMSecsSinceEpoch(row.createdMs), QLocale::ShortFormat),
        text(row.settings)};
    if (row.selfJudged)
        lines += tr("Graded by its own reward: the judge of these figures paid the run that trained it.");
    if (!row.recipe.empty())
        lines += row.seeds == 1 ? tr("1 training seed") : tr("%1 training seeds").arg(row.seeds);
    for (const std::string& sentence : row.budget)
        lines += text(sentence);
    return lines.join(QLatin1Char('\n'));
}

} // namespace precedent::ui
