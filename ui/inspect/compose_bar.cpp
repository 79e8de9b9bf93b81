#include "ui/inspect/compose_bar.h"

#include <algorithm>
#include <limits>

#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QToolButton>
#include <QVBoxLayout>
#include <QWidgetAction>

#include "ui/shell/card.h"
#include "ui/shell/case_fields.h"
#include "ui/shell/icons.h"
#include "ui/shell/reveal.h"
#include "ui/shell/theme.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kRequestHeight = 64;
constexpr int kSystemHeight = 44;
constexpr int kBeginHeight = 64;
constexpr int kAskWidth = 152;
constexpr int kDefaultTokens = 256;

QPlainTextEdit* field(const char* name, const QString& accessible, const QString& placeholder, int height, QWidget* parent)
{
    auto* made = new QPlainTextEdit(parent);
    made->setObjectName(QString::fromLatin1(name));
    made->setAccessibleName(accessible);
    made->setPlaceholderText(placeholder);
    made->setProperty("field", true);
    made->setFrameShape(QFrame::StyledPanel);
    made->setTabChangesFocus(true);
    made->document()->setDocumentMargin(8);
    made->setFixedHeight(height);
    return made;
}

Mode modeAt(std::size_t i)
{
    constexpr Mode kModes[] = {Mode::none, Mode::codes, Mode::cases};
    return kModes[i];
}

} // namespace

ComposeBar::ComposeBar(QWidget* parent)
    : QWidget(parent)
    , m_request(field("requestEdit", tr("Request"), tr("Ask something, as a user would"), kRequestHeight, this))
    , m_system(field("systemEdit", tr("System turn"), tr("What the model is told before the request"), kSystemHeight, this))
    , m_ask(new QPushButton(this))
    , m_note(new QuietLabel({}, secondaryFont(), this))
    , m_chips(new QHBoxLayout)
    , m_beginChain(field("beginChainEdit", tr("Beginning of the chain"), tr("The chain begins with these words"), kBeginHeight, this))
    , m_beginAnswer(field("beginAnswerEdit", tr("Beginning of the answer"), tr("The chain ends there, and the answer begins with these"),
          kBeginHeight, this))
{
    setObjectName(QStringLiteral("composeBar"));
    m_ask->setObjectName(QStringLiteral("askButton"));
    m_ask->setProperty("primary", true);
    m_ask->setProperty("tall", true);
    m_ask->setFixedWidth(kAskWidth);
    m_note->setObjectName(QStringLiteral("composeNote"));
    m_note->setFixedWidth(kAskWidth);
    m_note->setAlignment(Qt::AlignHCenter);
    m_system->hide();
    m_begin = new QWidget(this);
    auto* begin = new QHBoxLayout(m_begin);
    begin->setContentsMargins(0, 0, 0, 0);
    begin->setSpacing(8);
    begin->addWidget(m_beginChain);
    begin->addWidget(m_beginAnswer);
    m_begin->hide();

    auto* top = new QHBoxLayout;
    top->setSpacing(12);
    auto* texts = new QVBoxLayout;
    texts->setSpacing(4);
    texts->addWidget(m_system);
    texts->addWidget(m_request);
    texts->addWidget(m_begin);
    top->addLayout(texts, 1);
    auto* side = new QVBoxLayout;
    side->setSpacing(4);
    side->addWidget(m_ask);
    side->addWidget(m_note);
    side->addStretch();
    top->addLayout(side);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    buildOptions(*row);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 12, 16, 12);
    layout->setSpacing(8);
    layout->addLayout(top);
    layout->addLayout(row);

    m_request->installEventFilter(this);
    connect(m_ask, &QPushButton::clicked, this, [this] {
        if (m_busy)
            Q_EMIT stopWanted();
        else
            Q_EMIT askWanted();
    });
    for (QPlainTextEdit* edit : {m_request, m_system, m_beginChain, m_beginAnswer})
        connect(edit, &QPlainTextEdit::textChanged, this, [this] {
            setBusy(m_busy);
            Q_EMIT edited();
        });
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    connect(&Reveal::instance(), &Reveal::changed, this, &ComposeBar::follow);
    setBusy(false);
}

QToolButton* ComposeBar::option(const char* name, const QString& words)
{
    auto* made = new QToolButton(this);
    made->setObjectName(QString::fromLatin1(name));
    made->setText(words);
    made->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    return made;
}

QToolButton* ComposeBar::fold(const char* name, const QString& words, QWidget& part, QWidget& first)
{
    QToolButton* made = option(name, words);
    made->setCheckable(true);
    made->setIcon(themedIcon(QStringLiteral("right")));
    connect(made, &QToolButton::toggled, this, [this, made, &part, &first](bool on) {
        part.setVisible(on);
        made->setIcon(themedIcon(on ? QStringLiteral("down") : QStringLiteral("right")));
        (on ? &first : m_request)->setFocus();
        setBusy(m_busy);
    });
    return made;
}

void ComposeBar::buildOptions(QHBoxLayout& row)
{
    const auto label = [this](const QString& words) {
        auto* made = new QuietLabel(words, labelFont(), this);
        made->setWordWrap(false);
        return made;
    };
    m_chips->setSpacing(8);
    m_addModel = option("addModelButton", tr("model"));
    m_addModel->setIcon(themedIcon(QStringLiteral("plus")));
    m_addModel->setAccessibleName(tr("Add a model"));
    connect(m_addModel, &QToolButton::clicked, this, &ComposeBar::showMenu);
    row.addWidget(label(tr("Models")));
    row.addLayout(m_chips);
    row.addWidget(m_addModel);
    row.addSpacing(8);
    row.addWidget(label(tr("Modes")));
    auto* modes = new QHBoxLayout;
    modes->setSpacing(0);
    for (std::size_t i = 0; i < 3; ++i) {
        const QString name = QString::fromLatin1(precedent::toString(modeAt(i)));
        auto* mode = option("mode", name);
        mode->setObjectName(QStringLiteral("mode_%1").arg(name));
        mode->setCheckable(true);
        mode->setChecked(i == 0);
        connect(mode, &QToolButton::toggled, this, [this, mode](bool on) {
            const bool any = std::any_of(m_modes.begin(), m_modes.end(), [](const QToolButton* b) { return b->isChecked(); });
            if (!on && !any)
                mode->setChecked(true); // one at least
            else
                changeColumns();
        });
        modes->addWidget(mode);
        m_modes.push_back(mode);
    }
    row.addLayout(modes);
    row.addStretch();
    m_showSystem = fold("showSystemButton", tr("system"), *m_system, *m_system);
    m_showBegin = fold("showBeginButton", tr("prefill"), *m_begin, *m_beginChain);
    m_showBegin->setToolTip(tr("Begin the models' turns for them: with words of a chain, or of an answer"));
    row.addWidget(m_showSystem);
    row.addWidget(m_showBegin);
    buildSampling();
    row.addWidget(m_sampling);
}

void ComposeBar::buildSampling()
{
    m_sampling = option("samplingButton", {});
    m_sampling->setPopupMode(QToolButton::InstantPopup);
    auto* menu = new QMenu(this);
    auto* form = new QWidget(menu);
    auto* layout = new QFormLayout(form);
    layout->setContentsMargins(16, 12, 16, 12);
    layout->setHorizontalSpacing(16);
    const auto real = [form](const char* name, double most, double step) {
        auto* made = new QDoubleSpinBox(form);
        made->setObjectName(QString::fromLatin1(name));
        made->setRange(0, most);
        made->setSingleStep(step);
        return made;
    };
    const auto whole = [form](const char* name, int least, int most, int value) {
        auto* made = new QSpinBox(form);
        made->setObjectName(QString::fromLatin1(name));
        made->setRange(least, most);
        made->setValue(value);
        return made;
    };
    m_temperature = real("askTemperatureSpin", 5, 0.1);
    m_temperature->setSpecialValueText(tr("greedy"));
    m_topP = real("askTopPSpin", 1, 0.05);
    m_topP->setValue(1);
    m_maxTokens = whole("askTokensSpin", 1, 100000, kDefaultTokens);
    m_cases = new CaseFields(QStringLiteral("ask"), tr("each model itself"), form);
    m_seed = whole("askSeedSpin", 0, std::numeric_limits<int>::max(), 1);
    layout->addRow(tr("Temperature"), m_temperature);
    layout->addRow(tr("Top-p"), m_topP);
    layout->addRow(tr("New tokens at most"), m_maxTokens);
    m_cases->addTo(*layout);
    layout->addRow(tr("Seed"), m_seed);
    auto* action = new QWidgetAction(menu);
    action->setDefaultWidget(form);
    menu->addAction(action);
    m_sampling->setMenu(menu);
    for (QDoubleSpinBox* spin : {m_temperature, m_topP})
        connect(spin, &QDoubleSpinBox::valueChanged, this, &ComposeBar::tellSampling);
    connect(m_maxTokens, &QSpinBox::valueChanged, this, &ComposeBar::tellSampling);
    tellSampling();
}

void ComposeBar::tellSampling()
{
    const QLocale locale;
    const QString heat = m_temperature->value() <= 0
        ? tr("greedy")
        : tr("T %1, top-p %2").arg(locale.toString(m_temperature->value(), 'f', 1), locale.toString(m_topP->value(), 'f', 2));
    m_sampling->setText(tr("sampling  %1, %2 tokens").arg(heat).arg(m_maxTokens->value()));
}

void ComposeBar::setChoices(std::vector<AskableModel> choices)
{
    m_choices = std::move(choices);
    for (AskableModel& model : m_models) {
        const auto found = std::find_if(m_choices.begin(), m_choices.end(), [&](const AskableModel& c) { return c.name == model.name; });
        if (found != m_choices.end())
            model.title = found->title;
    }
    if (m_models.empty() && !m_choices.empty())
        m_models.push_back(m_choices.front());
    showModels();
    changeColumns();
}

void ComposeBar::showMenu()
{
    QMenu menu(this);
    for (const AskableModel& choice : m_choices) {
        const bool chosen = std::any_of(m_models.begin(), m_models.end(), [&](const AskableModel& m) { return m.name == choice.name; });
        if (!chosen)
            menu.addAction(choice.title, this, [this, choice] { addModel(choice); })->setObjectName(choice.name);
    }
    if (menu.isEmpty())
        menu.addAction(tr("Every model at hand is chosen"))->setEnabled(false);
    menu.exec(m_addModel->mapToGlobal(QPoint(0, m_addModel->height())));
}

void ComposeBar::addModel(const AskableModel& model)
{
    m_models.push_back(model);
    showModels();
    changeColumns();
}

void ComposeBar::showModels()
{
    while (QLayoutItem* item = m_chips->takeAt(0)) {
        item->widget()->deleteLater(); // it may be the one that was clicked
        delete item;
    }
    for (const AskableModel& model : m_models) {
        auto* chip = option("modelChip", model.title);
        chip->setToolTip(m_models.size() > 1 ? tr("%1: click to leave it out").arg(model.name) : model.name);
        if (m_models.size() > 1) {
            chip->setIcon(themedIcon(QStringLiteral("x")));
            chip->setLayoutDirection(Qt::RightToLeft); // the cross stands behind the name
            connect(chip, &QToolButton::clicked, this, [this, name = model.name] {
                std::erase_if(m_models, [&](const AskableModel& m) { return m.name == name; });
                showModels();
                changeColumns();
            });
        }
        m_chips->addWidget(chip);
    }
}

void ComposeBar::changeColumns()
{
    setBusy(m_busy);
    std::vector<Column> now = columns();
    if (now == m_told)
        return;
    m_told = std::move(now);
    Q_EMIT columnsChanged();
}

std::vector<ComposeBar::Column> ComposeBar::columns() const
{
    std::vector<Column> columns;
    for (const AskableModel& model : m_models) {
        for (std::size_t i = 0; i < m_modes.size(); ++i) {
            if (m_modes[i]->isChecked() && columns.size() < kMostColumns)
                columns.push_back({model, modeAt(i)});
        }
    }
    return columns;
}

std::vector<Message> ComposeBar::messages() const
{
    std::vector<Message> messages;
    const std::string request = m_request->toPlainText().trimmed().toStdString();
    if (request.empty())
        return messages;
    const std::string system = m_showSystem->isChecked() ? m_system->toPlainText().trimmed().toStdString() : std::string();
    if (!system.empty())
        messages.push_back({"system", system});
    messages.push_back({"user", request});
    return messages;
}

core::Sampling ComposeBar::sampling() const
{
    core::Sampling sampling;
    sampling.temperature = m_temperature->value();
    sampling.topP = m_topP->value() > 0 ? m_topP->value() : 1;
    sampling.maxTokens = m_maxTokens->value();
    sampling.seed = static_cast<std::uint64_t>(m_seed->value());
    return sampling;
}

std::string ComposeBar::beginChain() const
{
    return m_showBegin->isChecked() ? m_beginChain->toPlainText().trimmed().toStdString() : std::string();
}

std::string ComposeBar::beginAnswer() const
{
    return m_showBegin->isChecked() ? m_beginAnswer->toPlainText().trimmed().toStdString() : std::string();
}

void ComposeBar::beginWith(const QString& chain)
{
    m_beginChain->setPlainText(chain);
    m_beginAnswer->clear();
    m_showBegin->setChecked(true);
    m_beginChain->setFocus();
    m_beginChain->moveCursor(QTextCursor::End);
}

workspace::CaseChoice ComposeBar::cases() const { return m_cases->choice(); }

QWidget* ComposeBar::requestField() const { return m_request; }

void ComposeBar::setBusy(bool busy)
{
    m_busy = busy;
    const std::size_t n = columns().size();
    m_ask->setIcon(themedIcon(busy ? QStringLiteral("stop") : QStringLiteral("runs"), Role::onAccent));
    m_ask->setText(busy ? tr("Stop") : n > 1 ? tr("Ask all %1").arg(n) : tr("Ask"));
    m_ask->setToolTip(busy ? tr("Stop at once; what is written stays (Esc)") : tr("Ask (Enter); Shift+Enter begins a new line"));
    m_ask->setEnabled(busy || (n > 0 && !messages().empty()));
    const std::size_t wanted = m_models.size() *
        static_cast<std::size_t>(std::count_if(m_modes.begin(), m_modes.end(), [](const QToolButton* b) { return b->isChecked(); }));
    m_note->setText(wanted > kMostColumns ? tr("four columns at most; %1 left out").arg(wanted - kMostColumns) : QString());
}

void ComposeBar::setSensitive(bool sensitive)
{
    m_sensitive = sensitive;
    follow();
}

void ComposeBar::follow()
{
    const bool blurred = m_sensitive && !Reveal::instance().isOn();
    setBlurred(*m_request, blurred);
    setBlurred(*m_system, blurred);
    setBlurred(*m_begin, blurred);
}

void ComposeBar::take(const InspectOrder& order)
{
    if (!order.models.empty()) {
        m_models.clear();
        for (const std::string& model : order.models) {
            const QString name = QString::fromStdString(model);
            // A run without a step is its last checkpoint, the first that the choices list.
            const auto found = std::find_if(m_choices.begin(), m_choices.end(),
                [&](const AskableModel& c) { return c.name == name || c.name.startsWith(name + QLatin1Char('@')); });
            m_models.push_back(found == m_choices.end() ? AskableModel{name, name} : *found);
        }
        showModels();
    }
    if (!order.modes.empty()) {
        for (std::size_t i = 0; i < m_modes.size(); ++i) {
            const QSignalBlocker quiet(m_modes[i]);
            m_modes[i]->setChecked(std::find(order.modes.begin(), order.modes.end(), modeAt(i)) != order.modes.end());
        }
    }
    if (!order.messages.empty()) {
        m_request->setPlainText(QString::fromStdString(lastUserText(order.messages)));
        QString system;
        for (const Message& message : order.messages) {
            if (message.role == "system")
                system = QString::fromStdString(message.content);
        }
        m_system->setPlainText(system);
        m_showSystem->setChecked(!system.isEmpty());
    }
    changeColumns();
}

void ComposeBar::remember() const
{
    QSettings settings;
    settings.beginGroup(QStringLiteral("inspect"));
    QStringList models;
    for (const AskableModel& model : m_models)
        models += model.name;
    settings.setValue(QStringLiteral("models"), models);
    QStringList modes;
    for (const QToolButton* mode : m_modes) {
        if (mode->isChecked())
            modes += mode->text();
    }
    settings.setValue(QStringLiteral("modes"), modes);
    settings.setValue(QStringLiteral("temperature"), m_temperature->value());
    settings.setValue(QStringLiteral("topP"), m_topP->value());
    settings.setValue(QStringLiteral("maxTokens"), m_maxTokens->value());
    const workspace::CaseChoice cases = m_cases->choice();
    settings.setValue(QStringLiteral("cases"), cases.casesPerPrompt);
    settings.setValue(QStringLiteral("retrieval"), QString::fromLatin1(toString(cases.retrieval)));
    settings.setValue(QStringLiteral("meaning"), QString::fromStdString(cases.model));
    settings.setValue(QStringLiteral("seed"), m_seed->value());
}

void ComposeBar::recall()
{
    QSettings settings;
    settings.beginGroup(QStringLiteral("inspect"));
    InspectOrder order;
    const QStringList models = settings.value(QStringLiteral("models")).toStringList();
    for (const QString& model : models) {
        // One that is gone since is forgotten.
        if (std::any_of(m_choices.begin(), m_choices.end(), [&](const AskableModel& c) { return c.name == model; }))
            order.models.push_back(model.toStdString());
    }
    const QStringList modes = settings.value(QStringLiteral("modes")).toStringList();
    for (const QString& mode : modes) {
        if (const auto known = modeFromString(mode.toStdString()))
            order.modes.push_back(*known);
    }
    m_temperature->setValue(settings.value(QStringLiteral("temperature"), m_temperature->value()).toDouble());
    m_topP->setValue(settings.value(QStringLiteral("topP"), m_topP->value()).toDouble());
    m_maxTokens->setValue(settings.value(QStringLiteral("maxTokens"), m_maxTokens->value()).toInt());
    workspace::CaseChoice cases = m_cases->choice();
    cases.casesPerPrompt = settings.value(QStringLiteral("cases"), cases.casesPerPrompt).toInt();
    cases.retrieval = retrievalFromString(settings.value(QStringLiteral("retrieval")).toString().toStdString()).value_or(cases.retrieval);
    cases.model = settings.value(QStringLiteral("meaning")).toString().toStdString();
    m_cases->setChoice(cases);
    m_seed->setValue(settings.value(QStringLiteral("seed"), m_seed->value()).toInt());
    take(order);
}

bool ComposeBar::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_request && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        const bool enter = key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter;
        if (enter && (key->modifiers() & Qt::ShiftModifier) == 0) {
            if (m_ask->isEnabled() && !m_busy)
                Q_EMIT askWanted();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void ComposeBar::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::instance();
    QPainter painter(this);
    painter.fillRect(rect(), theme.color(Role::surface));
    painter.fillRect(QRect(0, height() - 1, width(), 1), theme.color(Role::border));
}

} // namespace precedent::ui
