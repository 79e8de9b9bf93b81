#include "ui/models/speed_panel.h"

#include <QDateTime>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QTableView>
#include <QVBoxLayout>

#include "ui/models/checkpoint_table_model.h"
#include "ui/models/speed_table_model.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/icons.h"
#include "ui/shell/preferences.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

QString text(const std::string& value) { return QString::fromStdString(value); }

QString whole(double value) { return QLocale().toString(value, 'f', 0); }

QString dayText(const QDateTime& when)
{
    const QString time = when.time().toString(QStringLiteral("HH:mm"));
    const qint64 days = when.date().daysTo(QDate::currentDate());
    if (days == 0)
        return SpeedPanel::tr("today at %1").arg(time);
    return days == 1 ? SpeedPanel::tr("yesterday at %1").arg(time) : QLocale().toString(when.date(), QLocale::LongFormat);
}

/// "Arithmetic 470 GFLOP/s in float32, 869 with bfloat16 weights; memory 32.4 GB/s. Kernels: avx512, ..."
QString machineText(const core::MachineRates& machine)
{
    QString words =
        SpeedPanel::tr("This machine: %1\u00a0GFLOP/s in float32, %2 with bfloat16 weights, memory %3\u00a0GB/s.")
            .arg(whole(machine.float32Gigaflops), whole(machine.bfloat16Gigaflops), QLocale().toString(machine.memoryGigabytes, 'f', 1));
    const QString floats = text(machine.floatKernels);
    if (machine.decodeKernels.empty())
        return words + QLatin1Char(' ') + SpeedPanel::tr("Kernels: %1.").arg(floats);
    return words + QLatin1Char(' ') +
        SpeedPanel::tr("Kernels: %1; of bfloat16 weights %2 for prompts, %3 for decoding.")
            .arg(floats, text(machine.prefillKernels), text(machine.decodeKernels));
}

} // namespace

SpeedPanel::SpeedPanel(ModelJobs& jobs, QWidget* parent)
    : JobSection(jobs, ModelJobs::Kind::measuring, QStringLiteral("measure"), parent)
    , m_rows(new SpeedTableModel(this))
    , m_frame(new Card(this))
    , m_table(new QTableView(m_frame))
    , m_unit(new QuietLabel(tr("tokens a second"), secondaryFont(), this))
    , m_measured(new QuietLabel({}, secondaryFont(), this))
    , m_machine(new QuietLabel({}, secondaryFont(), this))
{
    setObjectName(QStringLiteral("speedPanel"));
    heading()->setText(tr("Speed on this machine"));
    m_unit->setObjectName(QStringLiteral("speedUnitLabel"));
    m_unit->setWordWrap(false);
    head()->insertWidget(1, m_unit);
    button()->setIcon(themedIcon(QStringLiteral("cpu"), Role::text));
    m_measured->setObjectName(QStringLiteral("speedMeasuredLabel"));
    m_machine->setObjectName(QStringLiteral("speedMachineLabel"));
    for (QLabel* label : {m_measured, m_machine})
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    prepareTable();
    body()->setSpacing(4);
    body()->addWidget(m_frame);
    body()->addWidget(m_measured);
    body()->addWidget(m_machine);
    connect(button(), &QPushButton::clicked, this, [this] { this->jobs().measure(model()); });
}

void SpeedPanel::prepareTable()
{
    m_table->setObjectName(QStringLiteral("speedTable"));
    m_table->setAccessibleName(tr("Speed by prompt and batch, tokens a second"));
    m_table->setModel(m_rows);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setShowGrid(false);
    m_table->setTabKeyNavigation(false);
    m_table->setFrameShape(QFrame::NoFrame);
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_table->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setMinimumSectionSize(kRowHeight);
    m_table->horizontalHeader()->setSectionsClickable(false);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    auto* frame = new QVBoxLayout(m_frame);
    frame->setContentsMargins(1, 5, 1, 5); // the border and its corners
    frame->addWidget(m_table);
    connect(&Preferences::instance(), &Preferences::changed, this, &SpeedPanel::fitTable);
}

void SpeedPanel::fitTable()
{
    const int row = Preferences::instance().rowHeight();
    m_table->verticalHeader()->setDefaultSectionSize(row);
    m_table->setFixedHeight(m_table->horizontalHeader()->sizeHint().height() + m_rows->rowCount() * row);
}

bool SpeedPanel::showResult()
{
    const workspace::ModelSpeed* speed = jobs().speedOf(model());
    const bool found = speed != nullptr;
    for (QWidget* part : std::initializer_list<QWidget*>{m_frame, m_unit, m_measured, m_machine})
        part->setVisible(found);
    button()->setText(found ? tr("Measure again") : tr("Measure speed"));
    if (!found)
        return false;
    const std::pair now{model().speedKey, speed->measuredMs};
    if (std::exchange(m_shown, now) == now)
        return true; // what is selected in the table stays so
    const core::BenchResult& result = speed->result;
    m_rows->setRows(result.rows);
    fitTable();
    const QDateTime when = QDateTime::fromMSecsSinceEpoch(speed->measuredMs);
    m_measured->setText(tr("%1, %2, measured %3. Memory at most %4.")
                            .arg(text(result.machine.processor), counted(result.machine.threads, tr("1 thread"), tr("%1 threads")),
                                dayText(when), sizeText(result.peakRssBytes)));
    m_measured->setToolTip(QLocale().toString(when, QLocale::LongFormat));
    m_machine->setText(machineText(result.machine));
    return true;
}

QString SpeedPanel::emptyText() const { return tr("Not measured yet. It takes seconds for a small model, minutes for a large one."); }

QString SpeedPanel::busyText(const ModelJobs::Now& now) const
{
    return now.total > 0 ? tr("Measured %1 of %2").arg(now.done).arg(now.total) : tr("Loading the model");
}

QString SpeedPanel::cancelledText() const { return tr("Cancelled: nothing new was measured."); }

} // namespace precedent::ui
