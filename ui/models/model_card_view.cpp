#include "ui/models/model_card_view.h"

#include <cmath>

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLocale>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/models/checkpoint_table.h"
#include "ui/models/checkpoint_table_model.h"
#include "ui/shell/counted.h"
#include "ui/shell/fact_label.h"
#include "ui/shell/icons.h"
#include "ui/shell/link_label.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

using workspace::ModelCard;
using workspace::ModelOrigin;

constexpr int kHeadIcon = 20;
constexpr int kSmallIcon = 16;
constexpr int kNoneHeight = 36;
constexpr int kShortDigest = 4; // digits at each end

QString text(const std::string& value) { return QString::fromStdString(value); }

QString dtypeText(const std::string& dtype)
{
    if (dtype == "BF16")
        return QStringLiteral("bfloat16");
    if (dtype == "F16")
        return QStringLiteral("float16");
    if (dtype == "F32")
        return QStringLiteral("float32");
    return dtype == "mixed" ? ModelCardView::tr("mixed") : text(dtype);
}

/// "2.36 M", "11.9 M", "268 M", "1.24 B".
QString shortCount(qint64 n)
{
    const QLocale locale;
    for (const auto& [unit, sign] : {std::pair{1e9, "B"}, std::pair{1e6, "M"}, std::pair{1e3, "k"}}) {
        const double value = static_cast<double>(n) / unit;
        if (value >= 1)
            return locale.toString(value, 'f', value < 10 ? 2 : value < 100 ? 1 : 0) + QLatin1Char(' ') + QLatin1String(sign);
    }
    return locale.toString(n);
}

/// A head in the secondary size over a value, with its share of the row.
void addFact(QHBoxLayout& row, const QString& head, const char* objectName, QLabel* value, int share)
{
    value->setObjectName(QString::fromLatin1(objectName));
    value->setAccessibleName(head);
    auto* column = new QVBoxLayout;
    column->setSpacing(0);
    auto* title = new QuietLabel(head, secondaryFont());
    title->setWordWrap(false);
    title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    column->addWidget(title);
    column->addWidget(value);
    row.addLayout(column, share);
}

} // namespace

QString architectureText(const ModelCard& card)
{
    QString family = text(card.architecture);
    if (!family.isEmpty())
        family[0] = family[0].toUpper();
    return ModelCardView::tr("%1, %2").arg(family, counted(card.layers, ModelCardView::tr("1 layer"), ModelCardView::tr("%1 layers")));
}

QString weightsText(const ModelCard& card) { return ModelCardView::tr("%1, %2").arg(dtypeText(card.dtype), sizeText(card.weightBytes)); }

QString originText(ModelOrigin origin)
{
    switch (origin) {
    case ModelOrigin::starter:
        return ModelCardView::tr("ships with the program");
    case ModelOrigin::added:
        return ModelCardView::tr("a folder you added");
    case ModelOrigin::modelsFolder:
        return ModelCardView::tr("in your models folder");
    case ModelOrigin::elsewhere:
        break;
    }
    return ModelCardView::tr("not in the list; runs here started from it");
}

ModelCardView::ModelCardView(const workspace::ModelPlace& place, QWidget* parent)
    : Card(parent)
    , m_checkpoints(new CheckpointTableModel(this))
    , m_table(new CheckpointTable(this))
    , m_head(new QWidget(this))
    , m_facts(new QWidget(this))
    , m_none(new QWidget(this))
    , m_name(new QToolButton(m_head))
    , m_checking(new LinkLabel({}, m_head, Role::secondary))
    , m_newRun(new QPushButton(themedIcon(QStringLiteral("runs"), Role::text), tr("New run"), m_head))
    , m_problem(new QLabel(this))
{
    m_card.name = place.name;
    m_card.folder = place.folder;
    m_card.origin = place.origin;
    setObjectName(QStringLiteral("modelCard-") + name());
    makeHead();
    makeFacts();
    m_problem->setObjectName(QStringLiteral("modelProblemLabel"));
    m_problem->setWordWrap(true);
    m_problem->setContentsMargins(48, 0, 16, 12);
    m_problem->hide();
    m_table->setObjectName(QStringLiteral("checkpointsTable"));
    m_table->setAccessibleName(tr("What runs made of %1").arg(name()));
    m_table->setModel(m_checkpoints);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& current) {
        if (const auto* checkpoint = m_checkpoints->checkpointAt(current.row()))
            Q_EMIT chosen(text(checkpoint->choice.name));
    });
    auto* exportIt = new QAction(tr("Export"), m_table);
    exportIt->setObjectName(QStringLiteral("checkpointExportAction"));
    m_table->addAction(exportIt);
    m_table->setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(exportIt, &QAction::triggered, this, [this] {
        if (const auto* checkpoint = m_checkpoints->checkpointAt(m_table->currentIndex().row()))
            Q_EMIT exportWanted(text(checkpoint->choice.name));
    });
    makeNone();
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum); // the table in it would grow, were there room
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(1, 1, 1, 5); // the border, and its corners below the last row
    layout->setSpacing(0);
    layout->addWidget(m_head);
    layout->addWidget(m_facts);
    layout->addWidget(m_problem);
    layout->addWidget(m_table);
    layout->addWidget(m_none);
    showCard();
}

void ModelCardView::makeHead()
{
    m_name->setObjectName(QStringLiteral("modelNameButton"));
    m_name->setText(name());
    m_name->setFont(sectionFont());
    m_name->setProperty("plain", true);
    m_name->setAccessibleName(tr("Model %1").arg(name()));
    m_name->setToolTip(text(m_card.folder.string()));
    connect(m_name, &QToolButton::clicked, this, [this] { Q_EMIT chosen(name()); });
    auto* icon = new QLabel(m_head);
    showIcon(*icon, QStringLiteral("models"), kHeadIcon);
    auto* origin = new QuietLabel(originText(m_card.origin), secondaryFont(), m_head);
    origin->setObjectName(QStringLiteral("modelOriginLabel"));
    origin->setWordWrap(false);
    m_newRun->setObjectName(QStringLiteral("modelNewRunButton"));
    m_newRun->setAccessibleName(tr("New run on %1").arg(name()));
    connect(m_newRun, &QPushButton::clicked, this, &ModelCardView::newRunWanted);

    m_checking->setObjectName(QStringLiteral("modelCheckingLabel"));
    m_checking->hide();
    connect(m_checking, &QLabel::linkActivated, this, &ModelCardView::cancelCheckWanted);
    auto* more = new QToolButton(m_head);
    more->setObjectName(QStringLiteral("modelMoreButton"));
    more->setIcon(themedIcon(QStringLiteral("more")));
    more->setToolTip(tr("More"));
    more->setAccessibleName(tr("More about %1").arg(name()));
    more->setProperty("plain", true);
    auto* menu = new QMenu(more); // not the button's own, which would draw an arrow
    connect(more, &QToolButton::clicked, menu, [more, menu] { menu->popup(more->mapToGlobal(more->rect().bottomLeft())); });
    m_inspect = menu->addAction(tr("Inspect"), this, &ModelCardView::inspectWanted);
    m_inspect->setObjectName(QStringLiteral("modelInspectAction"));
    m_export = menu->addAction(tr("Export"), this, [this] { Q_EMIT exportWanted(name()); });
    m_export->setObjectName(QStringLiteral("modelExportAction"));
    menu->addAction(tr("Copy the folder's path"), this, [this] { QGuiApplication::clipboard()->setText(text(m_card.folder.string())); });
    if (m_card.origin == ModelOrigin::added)
        menu->addAction(tr("Remove from the list"), this, &ModelCardView::removeWanted)->setObjectName(QStringLiteral("modelRemoveAction"));

    auto* row = new QHBoxLayout(m_head);
    row->setContentsMargins(16, 11, 15, 8);
    row->setSpacing(4);
    row->addWidget(icon);
    row->addWidget(m_name);
    row->addWidget(origin);
    row->addStretch();
    row->addWidget(m_checking);
    row->addSpacing(4);
    row->addWidget(m_newRun);
    row->addWidget(more);
}

void ModelCardView::makeNone()
{
    auto* icon = new QLabel(m_none);
    showIcon(*icon, QStringLiteral("info"), kSmallIcon);
    auto* sentence = new QuietLabel(tr("No adapters or checkpoints yet."), bodyFont(), m_none);
    auto* train = new LinkLabel(QStringLiteral("<a href=\"train\">%1</a>").arg(tr("Train one")), m_none);
    train->setObjectName(QStringLiteral("trainOneLink"));
    connect(train, &QLabel::linkActivated, this, &ModelCardView::newRunWanted);
    auto* row = new QHBoxLayout(m_none);
    row->setContentsMargins(17, 0, 15, 0);
    row->setSpacing(14);
    row->addWidget(icon);
    row->addWidget(sentence, 1);
    row->addWidget(train);
    m_none->setFixedHeight(kNoneHeight);
}

void ModelCardView::makeFacts()
{
    auto* row = new QHBoxLayout(m_facts);
    row->setContentsMargins(47, 0, 15, 12);
    row->setSpacing(16);
    addFact(*row, tr("architecture"), "architectureFact", m_fact.architecture = new FactLabel, 124);
    addFact(*row, tr("parameters"), "parametersFact", m_fact.parameters = new FactLabel, 76);
    addFact(*row, tr("vocabulary"), "vocabularyFact", m_fact.vocabulary = new FactLabel, 72);
    addFact(*row, tr("context"), "contextFact", m_fact.context = new FactLabel, 56);
    addFact(*row, tr("weights"), "weightsFact", m_fact.weights = new FactLabel, 128);
    addFact(*row, tr("licence"), "licenceFact", m_fact.licence = new FactLabel, 120);
    addFact(*row, tr("template"), "templateFact", m_fact.chatTemplate = new FactLabel, 60);
    addFact(*row, tr("sha256"), "sha256Fact", m_fact.sha256 = new LinkLabel, 88);
    m_fact.sha256->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    connect(m_fact.sha256, &QLabel::linkActivated, this, &ModelCardView::checkWanted);
}

QString ModelCardView::name() const { return text(m_card.name); }

void ModelCardView::setCard(const ModelCard& card)
{
    m_card = card;
    m_wasRead = true;
    showCard();
}

void ModelCardView::showCard()
{
    const bool loads = m_wasRead && m_card.loads();
    m_newRun->setVisible(loads);
    m_inspect->setVisible(loads);
    m_export->setVisible(loads);
    m_facts->setVisible(!m_wasRead || m_card.layers > 0);
    m_problem->setVisible(m_wasRead && !m_card.loads());
    m_problem->setText(tr("It cannot be loaded: %1").arg(text(m_card.problem)));
    m_none->setVisible(loads && m_checkpoints->rowCount() == 0);
    m_table->setVisible(m_checkpoints->rowCount() > 0);
    if (!m_wasRead) {
        m_fact.architecture->setFact(tr("reading"));
        return;
    }
    const QLocale locale;
    m_fact.architecture->setFact(architectureText(m_card));
    m_fact.parameters->setFact(shortCount(m_card.parameters), locale.toString(static_cast<qlonglong>(m_card.parameters)));
    m_fact.vocabulary->setFact(locale.toString(m_card.vocabulary));
    m_fact.context->setFact(locale.toString(m_card.contextLength));
    m_fact.weights->setFact(m_card.weightBytes > 0 ? weightsText(m_card) : QStringLiteral("\u2013"));
    m_fact.licence->setFact(m_card.licence.empty() ? tr("not stated") : text(m_card.licence));
    m_fact.chatTemplate->setFact(text(m_card.templateName), text(m_card.templateNote));
    showDigest(text(m_card.sha256));
}

void ModelCardView::showChecking(double share)
{
    m_checking->setHtml(QStringLiteral("%1 &nbsp;<a href=\"cancel\">%2</a>")
                            .arg(tr("checking the weights, %1 %").arg(static_cast<int>(std::floor(share * 100))), tr("Cancel")));
    m_checking->show();
    m_fact.sha256->setHtml(QStringLiteral("\u2026"));
    m_fact.sha256->setToolTip(tr("All weights are read for the digest that names them"));
}

void ModelCardView::showDigest(const QString& sha256)
{
    m_card.sha256 = sha256.toStdString();
    m_checking->hide();
    if (sha256.isEmpty()) {
        m_fact.sha256->setHtml(m_card.loads() ? QStringLiteral("<a href=\"check\">%1</a>").arg(tr("Check")) : QStringLiteral("\u2013"));
        m_fact.sha256->setToolTip({});
        return;
    }
    m_fact.sha256->setHtml(QStringLiteral("<span style=\"font-family:'%1'\">%2\u2026%3</span>")
                               .arg(monospaceFont().family(), sha256.left(kShortDigest), sha256.right(kShortDigest)));
    m_fact.sha256->setToolTip(sha256);
}

void ModelCardView::setCheckpoints(std::vector<workspace::CheckpointCard> checkpoints)
{
    const QSignalBlocker quiet(m_table->selectionModel());
    m_checkpoints->setCheckpoints(std::move(checkpoints));
    showCard();
}

bool ModelCardView::matches(const QString& words) const
{
    QString all = name() + QLatin1Char(' ') + text(m_card.folder.string()) + QLatin1Char(' ') + text(m_card.architecture) +
        QLatin1Char(' ') + text(m_card.licence);
    for (int row = 0; row < m_checkpoints->rowCount(); ++row) {
        const auto* checkpoint = m_checkpoints->checkpointAt(row);
        all += QLatin1Char(' ') + text(checkpoint->choice.title + " " + checkpoint->choice.run + " " + checkpoint->preset);
    }
    const QStringList wanted = words.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    return std::all_of(wanted.begin(), wanted.end(), [&](const QString& word) { return all.contains(word, Qt::CaseInsensitive); });
}

void ModelCardView::select(const QString& choice)
{
    m_selected = choice == name() && !choice.isEmpty();
    const QSignalBlocker quiet(m_table->selectionModel());
    const int row = m_checkpoints->rowOf(choice);
    if (row >= 0)
        m_table->selectRow(row);
    else
        m_table->selectionModel()->clear();
    m_table->viewport()->update();
    update();
}

void ModelCardView::focusName() { m_name->setFocus(Qt::OtherFocusReason); }

void ModelCardView::paintEvent(QPaintEvent* event)
{
    Card::paintEvent(event);
    const Theme& theme = Theme::instance();
    QPainter painter(this);
    if (m_none->isVisible())
        painter.fillRect(QRect(1, m_none->geometry().top(), width() - 2, 1), theme.color(Role::border));
    if (!m_selected)
        return;
    const int top = m_head->geometry().top() + kRadius;
    const int bottom = m_facts->isVisible() ? m_facts->geometry().bottom() : m_head->geometry().bottom();
    painter.fillRect(QRect(0, top, kMarkWidth, bottom - top), theme.color(Role::accent));
}

} // namespace precedent::ui
