#include "ui/evaluate/evaluate_dialog.h"

#include <algorithm>
#include <array>
#include <limits>

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QLocale>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include "precedent/workspace/judge_choice.h"
#include "ui/models/choose_model.h"
#include "ui/shell/card.h"
#include "ui/shell/case_fields.h"
#include "ui/shell/counted.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr std::array kModes{Mode::none, Mode::codes, Mode::cases};
constexpr int kRowsSeen = 4;
constexpr const char* kServerJudge = "endpoint:";
enum { nameRole = Qt::UserRole, axesRole };

QString text(const std::string& value) { return QString::fromStdString(value); }

QListWidget* checkList(const char* name, const QString& accessible, QWidget* parent)
{
    auto* list = new QListWidget(parent);
    list->setObjectName(QString::fromLatin1(name));
    list->setAccessibleName(accessible);
    list->setFixedHeight(kRowsSeen * kRowHeight + 2);
    list->setSelectionMode(QAbstractItemView::SingleSelection);
    list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff); // a title that is cut is in the tooltip
    return list;
}

QListWidgetItem* addChecked(QListWidget& list, const QString& title, const QString& name, bool checked)
{
    auto* item = new QListWidgetItem(title, &list);
    item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
    item->setCheckState(checked ? Qt::Checked : Qt::Unchecked);
    item->setData(nameRole, name);
    item->setToolTip(title);
    return item;
}

std::vector<std::string> checkedNames(const QListWidget& list)
{
    std::vector<std::string> names;
    for (int i = 0; i < list.count(); ++i) {
        if (list.item(i)->checkState() == Qt::Checked)
            names.push_back(list.item(i)->data(nameRole).toString().toStdString());
    }
    return names;
}

} // namespace

EvaluateDialog::EvaluateDialog(const EvaluationChoices& choices, QWidget* parent)
    : QDialog(parent)
    , m_models(checkList("evaluateModelsList", tr("Models"), this))
    , m_suites(checkList("evaluateSuitesList", tr("Suites"), this))
    , m_cases(new CaseFields(QStringLiteral("evaluate"), tr("each model itself"), this))
    , m_limit(new QSpinBox(this))
    , m_judge(new QComboBox(this))
    , m_judgeServer(serverField(QStringLiteral("evaluateJudgeServerField"), tr("The judge's server"), tr("MODEL@http://localhost:8000/v1")))
    , m_harmServer(serverField(
          QStringLiteral("evaluateHarmServerField"), tr("The harm judge's server"), tr("nobody; or MODEL@http://localhost:8000/v1")))
    , m_perplexity(new QComboBox(this))
    , m_about(new QuietLabel({}, secondaryFont(), this))
{
    setObjectName(QStringLiteral("evaluateDialog"));
    setWindowTitle(tr("Evaluate"));
    setMinimumWidth(600);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    m_start = buttons->addButton(tr("Evaluate"), QDialogButtonBox::AcceptRole);
    m_start->setObjectName(QStringLiteral("startEvaluationButton"));
    m_start->setProperty("primary", true);
    m_start->setDefault(true);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 24, 24, 16);
    layout->setSpacing(16);
    layout->addLayout(buildForm());
    layout->addWidget(m_about);
    layout->addWidget(buttons);
    fill(choices);
    connect(m_limit, &QSpinBox::valueChanged, this, &EvaluateDialog::check);
    for (QListWidget* list : {m_models, m_suites})
        connect(list, &QListWidget::itemChanged, this, &EvaluateDialog::check);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    check();
}

QFormLayout* EvaluateDialog::buildForm()
{
    const QStringList modeWords{tr("nothing (none)"), tr("codes"), tr("codes and cases")};
    auto* modes = new QHBoxLayout;
    modes->setSpacing(16);
    for (std::size_t i = 0; i < kModes.size(); ++i) {
        m_modes[i] = new QCheckBox(modeWords.at(static_cast<int>(i)), this);
        m_modes[i]->setObjectName(QStringLiteral("evaluateMode_") + QString::fromLatin1(toString(kModes[i])));
        m_modes[i]->setChecked(kModes[i] != Mode::codes);
        modes->addWidget(m_modes[i]);
        connect(m_modes[i], &QCheckBox::toggled, this, &EvaluateDialog::check);
    }
    modes->addStretch();
    m_limit->setObjectName(QStringLiteral("evaluateLimitSpin"));
    m_limit->setRange(0, std::numeric_limits<int>::max());
    m_limit->setSpecialValueText(tr("all"));
    m_limit->setAccelerated(true);
    m_judge->setObjectName(QStringLiteral("evaluateJudgeCombo"));
    m_judge->addItem(tr("the one that fits the suites"), QString());
    m_judge->addItem(tr("refusal analysis"), QStringLiteral("analysis"));
    m_judge->addItem(tr("the starter grammar's truth"), QStringLiteral("grammar"));
    m_judge->addItem(tr("a server's model"), QString::fromLatin1(kServerJudge));
    m_judgeServer->setEnabled(false);
    m_perplexity->setObjectName(QStringLiteral("evaluatePerplexityCombo"));
    m_perplexity->setToolTip(
        tr("Whose probabilities the perplexity of harmless answers is of: the base model's, say. The rows' tooltips and "
           "reports show it."));
    m_perplexity->addItem(tr("not measured"), QString());
    m_about->setObjectName(QStringLiteral("evaluateAboutLabel"));
    m_about->setWordWrap(true);
    auto* folder = new QPushButton(tr("Folder"), this);
    folder->setObjectName(QStringLiteral("evaluateFolderButton"));
    folder->setToolTip(tr("A model in a folder of its own"));
    auto* models = new QHBoxLayout;
    models->addWidget(m_models, 1);
    models->addWidget(folder, 0, Qt::AlignTop);
    auto* form = new QFormLayout;
    form->setHorizontalSpacing(16);
    form->setVerticalSpacing(8);
    form->addRow(tr("Models"), models);
    form->addRow(tr("Suites"), m_suites);
    form->addRow(tr("In the context"), modes);
    m_cases->addTo(*form);
    form->addRow(tr("Attacks"), buildAttacks());
    form->addRow(tr("Requests an axis"), m_limit);
    form->addRow(tr("Judge"), m_judge);
    form->addRow(tr("Judge's server"), m_judgeServer);
    form->addRow(tr("Harm marked by"), m_harmServer);
    form->addRow(tr("Perplexity under"), m_perplexity);
    for (QLineEdit* server : {m_judgeServer, m_harmServer})
        connect(server, &QLineEdit::textChanged, this, &EvaluateDialog::check);
    connect(m_judge, &QComboBox::currentIndexChanged, this, [this] {
        m_judgeServer->setEnabled(m_judge->currentData() == QString::fromLatin1(kServerJudge));
        check();
    });
    connect(folder, &QPushButton::clicked, this, &EvaluateDialog::addFolder);
    return form;
}

QHBoxLayout* EvaluateDialog::buildAttacks()
{
    const QStringList titles{tr("begun answer"), tr("begun chain"), tr("searched words")};
    const QStringList tips{
        tr("Each plain request, harmful and harmless, is asked once more with the model's turn begun by an answer that helps."),
        tr("Each plain request is asked once more with the model's turn begun by a whole chain that decides to help."),
        tr("Each plain request is asked once more with words behind it that were searched to make the model give in. The search takes 73 "
           "passes through the model for each request and mode.")};
    auto* attacks = new QHBoxLayout;
    attacks->setSpacing(16);
    for (std::size_t i = 0; i < workspace::modelAttacks().size(); ++i) {
        m_attacks[i] = new QCheckBox(titles.at(static_cast<int>(i)), this);
        m_attacks[i]->setObjectName(QStringLiteral("evaluateAttack_") + text(workspace::modelAttacks()[i]));
        m_attacks[i]->setToolTip(tips.at(static_cast<int>(i)));
        attacks->addWidget(m_attacks[i]);
        connect(m_attacks[i], &QCheckBox::toggled, this, &EvaluateDialog::check);
    }
    attacks->addStretch();
    return attacks;
}

QLineEdit* EvaluateDialog::serverField(const QString& name, const QString& accessible, const QString& placeholder)
{
    auto* field = new QLineEdit(this);
    field->setObjectName(name);
    field->setAccessibleName(accessible);
    field->setPlaceholderText(placeholder);
    field->setToolTip(
        tr("An OpenAI-compatible server. It is sent the requests and the answers, and its replies are kept in the casebase. A "
           "key for it: Settings, Keys for servers."));
    return field;
}

void EvaluateDialog::fill(const EvaluationChoices& choices)
{
    for (const workspace::ModelChoice& model : choices.models)
        addChecked(*m_models, text(model.title), text(model.name), m_models->count() == 0);
    for (const workspace::ModelChoice& model : choices.models)
        m_perplexity->addItem(text(model.title), text(model.name));
    const bool sealed = std::any_of(
        choices.suites.begin(), choices.suites.end(), [](const SuiteChoiceRow& s) { return s.role == casebase::SuiteRole::sealed; });
    for (const SuiteChoiceRow& suite : choices.suites) {
        const bool isSealed = suite.role == casebase::SuiteRole::sealed;
        QString title = text(suite.name) + QStringLiteral("   ") + (isSealed ? tr("sealed") : tr("working")) + QStringLiteral(", ") +
            counted(static_cast<qint64>(suite.prompts), tr("1 request"), tr("%1 requests"));
        if (suite.burned > 0)
            title += tr(", %L1 held out, %L2 burned").arg(suite.prompts - suite.burned).arg(suite.burned);
        QListWidgetItem* item = addChecked(*m_suites, title, text(suite.name), isSealed || !sealed);
        QVariantMap axes;
        for (const auto& [axis, prompts] : suite.axes)
            axes.insert(text(axis), static_cast<qint64>(prompts));
        item->setData(axesRole, axes);
    }
}

void EvaluateDialog::addFolder()
{
    const QString model = chooseModel(this);
    if (!model.isEmpty())
        addChecked(*m_models, model, model, true);
    check();
}

workspace::EvaluationOrder EvaluateDialog::order() const
{
    workspace::EvaluationOrder order;
    order.models = checkedNames(*m_models);
    order.choice.suites = checkedNames(*m_suites);
    order.choice.limit = m_limit->value();
    order.cases = m_cases->choice();
    for (std::size_t i = 0; i < kModes.size(); ++i) {
        if (m_modes[i]->isChecked())
            order.modes.push_back(kModes[i]);
    }
    QString judge = m_judge->currentData().toString();
    if (judge == QString::fromLatin1(kServerJudge))
        judge += m_judgeServer->text().trimmed();
    order.judge.name = judge.toStdString();
    for (std::size_t i = 0; i < workspace::modelAttacks().size(); ++i) {
        if (m_attacks[i]->isChecked())
            order.choice.own.push_back(workspace::modelAttacks()[i]);
    }
    if (const QString server = m_harmServer->text().trimmed(); !server.isEmpty())
        order.harmJudge = kServerJudge + server.toStdString();
    order.perplexityModel = m_perplexity->currentData().toString().toStdString();
    return order;
}

qint64 EvaluateDialog::requestsOf(const workspace::SuiteChoice& choice) const
{
    qint64 requests = 0;
    for (int i = 0; i < m_suites->count(); ++i) {
        if (m_suites->item(i)->checkState() != Qt::Checked)
            continue;
        const QVariantMap axes = m_suites->item(i)->data(axesRole).toMap();
        for (auto axis = axes.begin(); axis != axes.end(); ++axis) {
            const bool plain = axis.key() == QLatin1String("harmful") || axis.key() == QLatin1String("benign");
            const qint64 asked = choice.limit > 0 ? std::min<qint64>(choice.limit, axis->toLongLong()) : axis->toLongLong();
            requests += asked * (plain ? 1 + static_cast<qint64>(choice.own.size()) : 1);
        }
    }
    return requests;
}

void EvaluateDialog::check()
{
    const workspace::EvaluationOrder order = this->order();
    m_cases->setEnabled(std::find(order.modes.begin(), order.modes.end(), Mode::cases) != order.modes.end());
    const qint64 requests = requestsOf(order.choice);
    if (const std::string fault = workspace::checkJudgeName(order.judge.name); !fault.empty()) {
        m_start->setEnabled(false);
        m_about->setText(
            m_judgeServer->text().trimmed().isEmpty() ? tr("Name the judge: its model, @, and the server's address.") : text(fault));
        return;
    }
    if (const std::string fault = workspace::checkHarmJudgeName(order.harmJudge); !fault.empty()) {
        m_start->setEnabled(false);
        m_about->setText(text(fault));
        return;
    }
    const bool whole = !order.models.empty() && !order.choice.suites.empty() && !order.modes.empty() && requests > 0;
    m_start->setEnabled(whole);
    if (!whole) {
        m_about->setText(tr("Choose at least one model, one suite with requests, and one mode."));
        return;
    }
    const qint64 answers = requests * static_cast<qint64>(order.models.size() * order.modes.size());
    QString about = counted(answers, tr("1 answer"), tr("%1 answers"));
    if (order.choice.limit > 0)
        about += tr(", to at most %L1 requests from each axis of a suite").arg(order.choice.limit);
    m_about->setText(about + QLatin1Char('.'));
}

} // namespace precedent::ui
