#include "ui/inspect/context_panel.h"

#include <QDialog>
#include <QLabel>
#include <QListView>
#include <QPainter>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/inspect/answer_column.h"
#include "ui/inspect/context_delegate.h"
#include "ui/inspect/context_model.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/icons.h"
#include "ui/shell/reveal.h"
#include "ui/shell/theme.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kHead = 64;
constexpr QSize kPromptSize{760, 640};

QString text(const std::string& value) { return QString::fromStdString(value); }

QString citationLine(const workspace::AskAnswer::Citation& citation)
{
    const QString id = text(citation.id).toHtmlEscaped();
    if (!citation.exists)
        return ContextPanel::tr("<b>%1</b> does not exist").arg(id);
    const QString link = QStringLiteral("<a href='%1'>%1</a>").arg(id);
    return citation.inContext ? ContextPanel::tr("%1 in the prompt").arg(link)
                              : ContextPanel::tr("%1 from memory, not in the prompt").arg(link);
}

} // namespace

ContextPanel::ContextPanel(QWidget* parent)
    : QWidget(parent)
    , m_model(new ContextModel(this))
    , m_title(new QLabel(tr("In the prompt"), this))
    , m_of(new QuietLabel({}, secondaryFont(), this))
    , m_empty(new QuietLabel({}, bodyFont(), this))
    , m_list(new QListView(this))
    , m_again(new QPushButton(themedIcon(QStringLiteral("refresh")), tr("Ask again"), this))
    , m_all(new QPushButton(tr("Switch all on"), this))
    , m_findings(new QWidget(this))
    , m_citations(new QLabel(m_findings))
    , m_reasons(new QLabel(m_findings))
    , m_showPrompt(new QPushButton(themedIcon(QStringLiteral("list"), Role::accent), {}, this))
{
    setObjectName(QStringLiteral("contextPanel"));
    QFont strong = bodyFont();
    strong.setWeight(QFont::DemiBold);
    m_title->setFont(strong);
    m_of->setWordWrap(false);
    m_list->setObjectName(QStringLiteral("contextList"));
    m_list->setAccessibleName(tr("Codes and cases in the prompt"));
    m_list->setModel(m_model);
    m_list->setItemDelegate(new ContextDelegate(m_list));
    m_list->setUniformItemSizes(true);
    m_list->setBackgroundRole(QPalette::Window);
    m_list->viewport()->setBackgroundRole(QPalette::Window);
    m_again->setObjectName(QStringLiteral("askAgainButton"));
    m_all->setObjectName(QStringLiteral("switchAllOnButton"));
    m_all->setProperty("plain", true);
    m_showPrompt->setObjectName(QStringLiteral("wholePromptButton"));
    m_showPrompt->setProperty("plain", true);
    for (QLabel* label : {m_citations, m_reasons}) {
        label->setWordWrap(true);
        label->setTextFormat(Qt::RichText);
        label->setTextInteractionFlags(Qt::TextBrowserInteraction);
        label->setFont(bodyFont());
    }
    m_citations->setObjectName(QStringLiteral("contextCitations"));
    m_reasons->setObjectName(QStringLiteral("contextReasons"));

    auto* head = new QWidget(this);
    head->setFixedHeight(kHead);
    auto* headLayout = new QVBoxLayout(head);
    headLayout->setContentsMargins(16, 8, 16, 8);
    headLayout->setSpacing(2);
    headLayout->addWidget(m_title);
    headLayout->addWidget(m_of);
    auto* findings = new QVBoxLayout(m_findings);
    findings->setContentsMargins(16, 12, 16, 12);
    findings->setSpacing(4);
    findings->addWidget(new QuietLabel(tr("Cites"), labelFont(), m_findings));
    findings->addWidget(m_citations);
    findings->addSpacing(8);
    findings->addWidget(new QuietLabel(tr("The judge's reasons"), labelFont(), m_findings));
    findings->addWidget(m_reasons);
    auto* actions = new QVBoxLayout;
    actions->setContentsMargins(16, 8, 16, 12);
    actions->setSpacing(4);
    actions->addWidget(m_again);
    actions->addWidget(m_all);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 8);
    layout->setSpacing(0);
    layout->addWidget(head);
    m_empty->setContentsMargins(16, 12, 16, 12);
    layout->addWidget(m_empty);
    layout->addWidget(m_list, 1);
    layout->addLayout(actions);
    layout->addWidget(m_findings);
    layout->addStretch(0);
    auto* foot = new QHBoxLayout;
    foot->setContentsMargins(8, 0, 8, 0);
    foot->addWidget(m_showPrompt);
    foot->addStretch();
    layout->addLayout(foot);

    connect(m_model, &ContextModel::withoutChanged, this, &ContextPanel::showWithout);
    connect(m_again, &QPushButton::clicked, this, &ContextPanel::askAgainWanted);
    connect(m_all, &QPushButton::clicked, m_model, &ContextModel::switchAllOn);
    connect(m_citations, &QLabel::linkActivated, this, &ContextPanel::citationClicked);
    connect(m_list, &QListView::activated, this, [this](const QModelIndex& index) { Q_EMIT citationClicked(index.data().toString()); });
    connect(m_showPrompt, &QPushButton::clicked, this, &ContextPanel::showPrompt);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        // A label keeps the colour that a link had when its text was set.
        const QString words = m_citations->text();
        m_citations->clear();
        m_citations->setText(words);
        update();
    });
    connect(&Reveal::instance(), &Reveal::changed, this, &ContextPanel::follow);
    showColumn(nullptr);
}

void ContextPanel::showColumn(const AnswerColumn* column)
{
    const workspace::AskPrompt* prompt = column != nullptr ? column->prompt() : nullptr;
    m_of->setText(column != nullptr ? column->name() : QString());
    m_model->setPrompt(prompt);
    m_prompt = prompt != nullptr ? text(prompt->rendered) : QString();
    m_showPrompt->setVisible(prompt != nullptr);
    if (prompt != nullptr)
        m_showPrompt->setText(
            tr("Show the whole prompt, %1").arg(counted(static_cast<qint64>(prompt->ids.size()), tr("1 token"), tr("%1 tokens"))));
    const bool any = m_model->rowCount() > 0;
    m_list->setVisible(any);
    m_empty->setVisible(!any);
    m_empty->setText(prompt == nullptr
            ? tr("Codes and cases that the model is given are listed here. Each can be switched off, to see what the answer rests on.")
            : tr("Mode none gives the model only the request."));
    showFindings(column);
    showWithout();
    follow();
}

void ContextPanel::showFindings(const AnswerColumn* column)
{
    const workspace::AskAnswer* answer = column != nullptr ? column->answer() : nullptr;
    m_findings->setVisible(answer != nullptr);
    if (answer == nullptr) {
        m_model->setCited({});
        return;
    }
    std::set<std::string> cited;
    QStringList lines;
    for (const auto& citation : answer->citations) {
        cited.insert(citation.id);
        lines += citationLine(citation);
    }
    m_model->setCited(std::move(cited));
    m_citations->setText(lines.isEmpty() ? tr("nothing") : lines.join(QStringLiteral("<br>")));
    QStringList reasons;
    if (column->isJudgeShown() || answer->stopped) {
        for (const std::string& reason : answer->reasons)
            reasons += text(reason).toHtmlEscaped();
    } else {
        reasons += tr("hidden until you have chosen what this answer did and what it should do");
    }
    m_reasons->setText(reasons.isEmpty() ? tr("none") : reasons.join(QStringLiteral("<br>")));
}

void ContextPanel::showWithout()
{
    const std::set<std::string> without = m_model->without();
    const bool any = m_model->rowCount() > 0;
    m_again->setVisible(any);
    m_all->setVisible(any && !without.empty());
    m_again->setEnabled(!m_busy);
    if (without.empty())
        m_again->setText(tr("Ask again"));
    else if (without.size() == 1)
        m_again->setText(tr("Ask again without %1").arg(text(*without.begin())));
    else
        m_again->setText(tr("Ask again without these %1").arg(without.size()));
}

void ContextPanel::setBusy(bool busy)
{
    m_busy = busy;
    showWithout();
}

void ContextPanel::setSensitive(bool sensitive)
{
    m_sensitive = sensitive;
    follow();
}

void ContextPanel::follow()
{
    bool hidden = m_sensitive;
    for (int row = 0; row < m_model->rowCount(); ++row)
        hidden = hidden || m_model->index(row).data(ContextModel::hiddenRole).toBool();
    m_showPrompt->setEnabled(!hidden || Reveal::instance().isOn());
    m_showPrompt->setToolTip(m_showPrompt->isEnabled() ? QString() : tr("It holds sensitive text: reveal it first (Ctrl+Shift+R)."));
    m_list->viewport()->update();
}

std::set<std::string> ContextPanel::without() const { return m_model->without(); }

void ContextPanel::switchAllOn() { m_model->switchAllOn(); }

void ContextPanel::showPrompt()
{
    auto* dialog = new QDialog(window());
    dialog->setObjectName(QStringLiteral("wholePromptDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("The whole prompt"));
    dialog->resize(kPromptSize);
    auto* words = new QPlainTextEdit(m_prompt, dialog);
    words->setObjectName(QStringLiteral("wholePromptText"));
    words->setAccessibleName(tr("Exactly what the model sees"));
    words->setReadOnly(true);
    words->setFont(monospaceFont());
    auto* layout = new QVBoxLayout(dialog);
    layout->setContentsMargins(16, 16, 4, 16);
    layout->addWidget(words);
    dialog->show();
}

void ContextPanel::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::instance();
    QPainter painter(this);
    painter.fillRect(rect(), theme.color(Role::window));
    painter.fillRect(QRect(0, kHead - 1, width(), 1), theme.color(Role::border));
    if (m_findings->isVisible())
        painter.fillRect(QRect(0, m_findings->y(), width(), 1), theme.color(Role::border));
}

} // namespace precedent::ui
