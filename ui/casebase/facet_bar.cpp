#include "ui/casebase/facet_bar.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QMenu>
#include <QToolButton>

#include "ui/bridge/casebase_bridge.h"
#include "ui/casebase/chip.h"
#include "ui/casebase/status_look.h"
#include "ui/shell/disposition_look.h"
#include "ui/shell/icons.h"

namespace precedent::ui {
namespace {

constexpr std::size_t kSourcesOffered = 30;

template <typename Value>
void toggle(std::vector<Value>& values, Value value)
{
    const auto at = std::find(values.begin(), values.end(), value);
    if (at == values.end())
        values.push_back(value);
    else
        values.erase(at);
}

template <typename Value>
bool holds(const std::vector<Value>& values, Value value)
{
    return std::find(values.begin(), values.end(), value) != values.end();
}

template <typename Value>
QString wordsOf(const std::vector<Value>& values)
{
    QStringList words;
    for (const Value value : values)
        words += lookOf(value).word;
    return words.join(QStringLiteral(", "));
}

} // namespace

FacetBar::FacetBar(QWidget* parent)
    : QWidget(parent)
    , m_layout(new QHBoxLayout(this))
{
    setObjectName(QStringLiteral("facetBar"));
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(8);
    rebuild();
}

void FacetBar::setCasebase(CasebaseBridge* casebase)
{
    m_casebase = casebase;
    m_code.clear();
    m_dispositions.clear();
    m_statuses.clear();
    m_source.clear();
    m_sources.clear();
    rebuild();
    if (casebase == nullptr)
        return;
    const auto ask = [this] {
        m_casebase->ask(
            this, [](casebase::Casebase& open) { return open.cases().sources(kSourcesOffered); },
            [this](const Result<std::vector<std::string>>& sources) {
                if (sources.ok())
                    m_sources = *sources;
            });
    };
    connect(casebase, &CasebaseBridge::changed, this, ask);
    ask();
}

void FacetBar::setCode(const QString& id)
{
    if (id == m_code)
        return;
    m_code = id;
    rebuild();
}

void FacetBar::narrow(casebase::CaseFilter& filter) const
{
    if (!m_code.isEmpty())
        filter.codes.push_back(m_code.toStdString());
    filter.dispositions.insert(filter.dispositions.end(), m_dispositions.begin(), m_dispositions.end());
    filter.statuses.insert(filter.statuses.end(), m_statuses.begin(), m_statuses.end());
    if (!m_source.empty())
        filter.source = m_source;
}

void FacetBar::clear()
{
    const bool hadCode = !m_code.isEmpty();
    m_code.clear();
    m_dispositions.clear();
    m_statuses.clear();
    m_source.clear();
    took();
    if (hadCode)
        Q_EMIT codeCleared();
}

void FacetBar::took()
{
    rebuild();
    Q_EMIT changed();
}

void FacetBar::rebuild()
{
    while (QLayoutItem* item = m_layout->takeAt(0)) {
        if (item->widget() != nullptr) {
            item->widget()->hide();
            item->widget()->setObjectName({}); // it lives until the event loop is back
            item->widget()->deleteLater();
        }
        delete item;
    }
    if (!m_code.isEmpty())
        addChip("codeChip", tr("code"), m_code,
            [this] {
                m_code.clear();
                rebuild();
                Q_EMIT codeCleared();
            },
            {});
    if (!m_dispositions.empty())
        addChip(
            "dispositionChip", tr("disposition"), wordsOf(m_dispositions),
            [this] {
                m_dispositions.clear();
                took();
            },
            [this](QMenu& menu) { fillDispositions(menu); });
    if (!m_statuses.empty())
        addChip(
            "statusChip", tr("status"), wordsOf(m_statuses),
            [this] {
                m_statuses.clear();
                took();
            },
            [this](QMenu& menu) { fillStatuses(menu); });
    if (!m_source.empty())
        addChip(
            "sourceChip", tr("source"), QString::fromStdString(m_source),
            [this] {
                m_source.clear();
                took();
            },
            [this](QMenu& menu) { fillSources(menu); });
    const bool any = m_layout->count() > 0;
    auto* add = new Chip(Chip::Kind::adding, {}, tr("facet"), {}, this);
    add->setObjectName(QStringLiteral("addFacetChip"));
    add->setAccessibleName(tr("Narrow by disposition, status or source"));
    connect(add, &Chip::clicked, this, &FacetBar::offer);
    m_layout->addWidget(add);
    if (any) {
        auto* none = new QToolButton(this);
        none->setObjectName(QStringLiteral("clearFacetsButton"));
        none->setIcon(themedIcon(QStringLiteral("x")));
        none->setProperty("plain", true);
        none->setToolTip(tr("Clear all facets"));
        none->setAccessibleName(tr("Clear all facets"));
        connect(none, &QToolButton::clicked, this, &FacetBar::clear);
        m_layout->addWidget(none);
    }
}

void FacetBar::addChip(const char* name, const QString& kind, const QString& value, const std::function<void()>& remove,
    const std::function<void(QMenu&)>& fill)
{
    auto* chip = new Chip(Chip::Kind::removable, kind, value, {}, this);
    chip->setObjectName(QString::fromLatin1(name));
    chip->setToolTip(tr("%1: %2. Delete takes it away.").arg(kind, value));
    connect(chip, &Chip::removeAsked, this, remove);
    connect(chip, &Chip::clicked, this, [this, chip, fill, remove] {
        if (fill)
            pop(fill, *chip);
        else
            remove();
    });
    m_layout->addWidget(chip);
}

void FacetBar::fillDispositions(QMenu& menu)
{
    for (const Disposition d : {Disposition::comply, Disposition::safeComplete, Disposition::refuse, Disposition::unknown}) {
        const DispositionLook look = lookOf(d);
        auto* action = menu.addAction(themedIcon(look.icon, look.role), look.word, this, [this, d] {
            toggle(m_dispositions, d);
            took();
        });
        action->setCheckable(true);
        action->setChecked(holds(m_dispositions, d));
    }
}

void FacetBar::fillStatuses(QMenu& menu)
{
    for (const casebase::CaseStatus status : kCaseStatuses) {
        auto* action = menu.addAction(themedIcon(lookOf(status).icon), lookOf(status).word, this, [this, status] {
            toggle(m_statuses, status);
            took();
        });
        action->setCheckable(true);
        action->setChecked(holds(m_statuses, status));
    }
}

void FacetBar::fillSources(QMenu& menu)
{
    for (const std::string& source : m_sources) {
        auto* action = menu.addAction(QString::fromStdString(source), this, [this, source] {
            m_source = source == m_source ? std::string() : source;
            took();
        });
        action->setCheckable(true);
        action->setChecked(source == m_source);
    }
}

void FacetBar::offer()
{
    pop(
        [this](QMenu& menu) {
            fillDispositions(*menu.addMenu(tr("Disposition")));
            fillStatuses(*menu.addMenu(tr("Status")));
            auto* sources = menu.addMenu(tr("Source"));
            fillSources(*sources);
            sources->setEnabled(!m_sources.empty());
        },
        *this);
}

void FacetBar::pop(const std::function<void(QMenu&)>& fill, const QWidget& under)
{
    auto* menu = new QMenu(this);
    menu->setObjectName(QStringLiteral("facetMenu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    fill(*menu);
    menu->popup(under.mapToGlobal(QPoint(0, under.height() + 4)));
}

} // namespace precedent::ui
