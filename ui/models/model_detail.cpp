#include "ui/models/model_detail.h"

#include <cmath>

#include <QClipboard>
#include <QDateTime>
#include <QFormLayout>
#include <QFrame>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include "ui/models/checkpoint_table_model.h"
#include "ui/models/export_panel.h"
#include "ui/models/model_card_view.h"
#include "ui/models/speed_panel.h"
#include "ui/shell/card.h"
#include "ui/shell/icons.h"
#include "ui/shell/link_label.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kHeadWidth = 104;
constexpr int kMargin = 16;
constexpr int kDigitsTogether = 8;

QString text(const std::string& value) { return QString::fromStdString(value); }

QString loraText(const workspace::CheckpointCard& card)
{
    if (card.loraRank == 0)
        return ModelDetail::tr("its adapter_config.json does not say");
    QStringList targets;
    for (const std::string& target : card.loraTargets)
        targets += text(target);
    const bool all = targets.size() >= 7; // q, k, v, o, gate, up, down
    return ModelDetail::tr("rank %1, alpha %2, %3")
        .arg(card.loraRank)
        .arg(card.loraAlpha)
        .arg(all ? ModelDetail::tr("all projections") : targets.join(QStringLiteral(", ")));
}

QWidget* rule(QWidget* parent)
{
    auto* line = new QFrame(parent);
    line->setFixedHeight(1);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    return line;
}

} // namespace

ModelDetail::ModelDetail(ModelJobs& jobs, QWidget* parent)
    : Pane(parent, true)
    , m_title(new QLabel(this))
    , m_kind(new QuietLabel({}, secondaryFont(), this))
    , m_inspect(new QPushButton(themedIcon(QStringLiteral("inspect"), Role::text), tr("Inspect"), this))
    , m_remove(new QPushButton(tr("Remove from the list"), this))
    , m_copy(new QPushButton(themedIcon(QStringLiteral("copy")), tr("Copy the path"), this))
    , m_note(new QuietLabel({}, secondaryFont(), this))
    , m_work(new QWidget)
    , m_speed(new SpeedPanel(jobs, m_work))
    , m_export(new ExportPanel(jobs, m_work))
    , m_body(new QWidget)
    , m_rows(new QFormLayout)
{
    setObjectName(QStringLiteral("modelDetail"));
    m_title->setObjectName(QStringLiteral("modelTitleLabel"));
    m_title->setFont(sectionFont());
    m_kind->setObjectName(QStringLiteral("modelKindLabel"));
    m_kind->setWordWrap(false);
    m_inspect->setObjectName(QStringLiteral("inspectModelButton"));
    m_inspect->setToolTip(tr("Ask it in Inspect"));
    m_remove->setObjectName(QStringLiteral("removeModelButton"));
    m_remove->setToolTip(tr("The folder itself stays as it is"));
    m_copy->setObjectName(QStringLiteral("copyModelPathButton"));
    m_note->setObjectName(QStringLiteral("modelNoteLabel"));
    bar()->addWidget(m_title);
    bar()->addWidget(m_kind);
    bar()->addStretch();
    bar()->addWidget(m_inspect);

    m_rows->setHorizontalSpacing(8);
    m_rows->setVerticalSpacing(8);
    m_rows->setLabelAlignment(Qt::AlignLeft | Qt::AlignTop);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(m_copy);
    buttons->addWidget(m_remove);
    buttons->addStretch();
    auto* column = new QVBoxLayout(m_body);
    column->setContentsMargins(16, 16, 16, 16);
    column->setSpacing(16);
    column->addLayout(m_rows);
    column->addWidget(m_note);
    column->addLayout(buttons);
    auto* work = new QVBoxLayout(m_work);
    work->setContentsMargins(0, 0, 0, 0);
    work->setSpacing(12);
    work->addWidget(rule(m_work));
    work->addWidget(m_speed);
    work->addWidget(rule(m_work));
    work->addWidget(m_export);
    column->addWidget(m_work);
    column->addStretch();
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(m_body);
    scroll->viewport()->setAutoFillBackground(false);
    m_body->setAutoFillBackground(false);
    setBody(scroll);
    for (JobSection* part : std::initializer_list<JobSection*>{m_speed, m_export})
        connect(
            part, &JobSection::turned, this, [scroll, part] { scroll->ensureWidgetVisible(part, 0, kMargin); },
            Qt::QueuedConnection); // once it has its new height

    connect(m_inspect, &QPushButton::clicked, this, [this] { Q_EMIT inspectWanted(m_model); });
    connect(m_remove, &QPushButton::clicked, this, [this] { Q_EMIT removeWanted(m_model); });
    connect(m_export, &ExportPanel::exportWanted, this, &ModelDetail::exportWanted);
    connect(m_copy, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(m_folder); });
    showNothing();
}

void ModelDetail::begin(const QString& title, const QString& kind, const QString& model)
{
    while (m_rows->rowCount() > 0)
        m_rows->removeRow(0);
    m_model = model;
    m_title->setText(title);
    m_kind->setText(kind);
    say({});
    for (QWidget* part : std::initializer_list<QWidget*>{m_inspect, m_remove, m_copy})
        part->setVisible(false);
    m_works = false;
}

void ModelDetail::offerWork(const JobModel& model)
{
    m_works = true;
    m_speed->setModel(model);
    m_export->setModel(model);
}

const JobModel* ModelDetail::jobModel() const { return m_works ? &m_export->model() : nullptr; }

void ModelDetail::say(const QString& note)
{
    m_note->setText(note);
    m_note->setVisible(!note.isEmpty());
}

void ModelDetail::showNothing()
{
    begin(tr("Nothing chosen"), {}, {});
    m_work->hide();
    say(tr("Choose a model by its name, or a row of what runs made of it."));
    Q_EMIT shown();
}

void ModelDetail::addRow(const QString& head, QLabel* value)
{
    auto* name = new QuietLabel(head, bodyFont());
    name->setFixedWidth(kHeadWidth);
    name->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    value->setWordWrap(true);
    value->setAccessibleName(head);
    m_rows->addRow(name, value);
}

QLabel* ModelDetail::addText(const QString& head, const QString& value, const char* objectName)
{
    auto* label = new QLabel(value);
    label->setObjectName(QString::fromLatin1(objectName));
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    addRow(head, label);
    return label;
}

void ModelDetail::addDigest(const std::string& sha256)
{
    QString groups; // so that it may wrap
    for (std::size_t i = 0; i < sha256.size(); i += kDigitsTogether)
        groups += (i > 0 ? QStringLiteral(" ") : QString()) + text(sha256.substr(i, kDigitsTogether));
    QLabel* label = addText(tr("sha256"), groups.isEmpty() ? tr("not read yet") : groups, "detailSha256");
    if (!groups.isEmpty())
        label->setFont(monospaceFont());
}

void ModelDetail::addFolder(const std::filesystem::path& folder)
{
    m_folder = text(folder.string());
    QString wrapping = m_folder;
    wrapping.replace(QLatin1Char('/'), QStringLiteral("/\u200b")); // a path may wrap at its slashes
    addText(tr("Folder"), wrapping, "detailFolder");
    m_copy->setVisible(true);
}

void ModelDetail::showModel(const workspace::ModelCard& card)
{
    begin(text(card.name), originText(card.origin), text(card.name));
    const QLocale locale;
    if (card.layers > 0) {
        addText(tr("Architecture"), tr("%1, width %2").arg(architectureText(card), locale.toString(card.hiddenSize)), "detailArchitecture");
        addText(tr("Parameters"), locale.toString(static_cast<qlonglong>(card.parameters)), "detailParameters");
        addText(tr("Vocabulary"), tr("%1 tokens").arg(locale.toString(card.vocabulary)), "detailVocabulary");
        addText(tr("Context"), tr("%1 tokens").arg(locale.toString(card.contextLength)), "detailContext");
    }
    if (card.weightBytes > 0)
        addText(tr("Weights"), weightsText(card), "detailWeights");
    addText(tr("Licence"), card.licence.empty() ? tr("not stated in its folder") : text(card.licence), "detailLicence");
    if (!card.templateName.empty())
        addText(tr("Template"), text(card.templateName), "detailTemplate");
    if (card.loads())
        addDigest(card.sha256);
    addFolder(card.folder);
    say(card.loads() ? text(card.templateNote) : text(card.problem + " " + card.problemHint));
    m_inspect->setVisible(card.loads() && card.layers > 0);
    m_remove->setVisible(card.origin == workspace::ModelOrigin::added);
    if (card.loads() && card.layers > 0)
        offerWork({text(card.name), text(card.name), workspace::speedKey(card.folder)});
    m_work->setVisible(m_works); // not hidden before, or what has the focus would lose it
    Q_EMIT shown();
}

void ModelDetail::showCheckpoint(const workspace::CheckpointCard& card, const QString& casebase)
{
    const workspace::ModelChoice& choice = card.choice;
    begin(text(choice.runName.empty() ? choice.run : choice.runName),
        card.isAdapter ? tr("adapter, step %1").arg(choice.step) : tr("all weights, step %1").arg(choice.step), text(choice.name));
    addText(tr("Base"), card.isAdapter ? tr("%1, adapter off is the reference").arg(text(choice.base)) : text(choice.base), "detailBase");
    auto* run = new LinkLabel(tr("run <a href=\"%1\">%1</a>, seed %2")
                                  .arg(text(choice.run).toHtmlEscaped(), QString::number(static_cast<qulonglong>(card.seed))));
    run->setObjectName(QStringLiteral("detailRun"));
    connect(run, &QLabel::linkActivated, this, &ModelDetail::runWanted);
    addRow(tr("Made by"), run);
    if (!card.preset.empty())
        addText(tr("Method"), card.loss.empty() ? text(card.preset) : tr("%1, %2 loss").arg(text(card.preset), text(card.loss)),
            "detailMethod");
    addText(tr("Casebase"), casebase, "detailCasebase");
    if (card.isAdapter)
        addText(tr("LoRA"), loraText(card), "detailLora");
    if (card.reward && std::isfinite(*card.reward))
        addText(tr("Reward"), tr("%1 at step %2").arg(QLocale().toString(*card.reward, 'f', 3)).arg(choice.step), "detailReward");
    addText(tr("Size"), sizeText(card.bytes), "detailSize");
    addText(tr("Made"), QLocale().toString(QDateTime::fromMSecsSinceEpoch(card.createdMs), QLocale::ShortFormat), "detailMade");
    addDigest(card.sha256);
    addFolder(card.folder);
    const bool usable = !card.isAdapter || !card.baseFolder.empty();
    m_inspect->setVisible(usable);
    const QString name = text(choice.runName.empty() ? choice.run : choice.runName);
    if (usable)
        offerWork({text(choice.name), name,
            card.isAdapter ? workspace::speedKey(card.baseFolder, card.folder) : workspace::speedKey(card.folder)});
    m_work->setVisible(m_works);
    Q_EMIT shown();
    if (!usable)
        say(tr("The model that this adapter was trained on, %1, is no longer there.").arg(text(choice.base)));
}

} // namespace precedent::ui
