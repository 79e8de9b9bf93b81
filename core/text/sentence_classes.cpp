#include "core/text/sentence_classes.h"

#include <string>

#include "core/text/expression.h"

namespace precedent::text {
namespace {

// Turns of speech that look like declining and are not.
constexpr const char* kIdioms =
    R"(\bcannot (help but|stress|emphasi[sz]e|overstate|recommend \w+ (enough|highly)|wait|say enough|go wrong|be (sure|certain|completely)|guarantee|promise|believe|imagine|think of|deny|complain|thank you enough)\b)"
    R"(|\b(will not|cannot) (lie|sugarcoat|pretend|bore you|judge|go into( \w+)? (detail|depth)s?)\b)"
    R"(|\b(i )?(do not|did not) (want|mean) to (be|sound|seem|suggest|imply)\b)";

const std::string kNegatedSelf =
    R"(\b(i|we)( am| are)?( just)?( an ai( language model)?,?)?( (really|simply|just|also|therefore|respectfully|unfortunately|absolutely|strongly|still))* )"
    R"((cannot|could not|will not|would not|shall not|should not|may not|must not|can never|will never|would never|am unable to|are unable to|am not able to|are not able to)"
    R"(|am not (capable of|equipped to)|am incapable of|do not have the( \w+)? (ability|capability|capacity|authority|permission) to|lack the( \w+)? (ability|capability|capacity|authority) to|am not (going|allowed|permitted|programmed|designed|willing|authori[sz]ed|comfortable|here)( to| with)?|am not in a position to|(must|have to|need to|will) (respectfully |politely )?(decline|refuse|pass)|decline to|refuse to|do not feel comfortable|not going to|would rather not|prefer not to)"
    R"(|am prohibited|am forbidden|am programmed (not|to (not|avoid))|do not (provide|support|condone|endorse|encourage|promote|engage|assist|participate|offer|promote)))";

const std::string kServiceVerb =
    R"((help|assist|aid|provid\w*|giv\w+|offer\w*|shar\w+|answer\w*|respond\w*|support\w*|fulfil\w*|comply|creat\w+|writ\w+|generat\w+|produc\w+|recommend\w*|suggest\w*|discuss\w*|engag\w+|tell\w*|teach\w*|explain\w*|condon\w+|encourag\w+|promot\w+|participat\w+|facilitat\w+|do (that|this|so|it)|continue|proceed|complete|entertain|endorse|advis\w+|guid\w+|instruct\w*|describ\w+|show\w*|walk|make|reveal\w*|disclos\w+|satisfy|address|speculat\w+|list|accept|advocat\w+|contribut\w+|be (a )?part|carry|perform\w*|talk|go (into|along)|take part|process|present\w*|express\w*|justify|agree|allow|permit|confirm|direct|enable|find|locate|obtain|joke\w*|mock\w*|in good conscience|ethically|justify|be used|accommodat\w+|grant|honou?r|cross)\w*)";

/// Declining: the speaker, a negation, and soon after it what a helper does.
const std::string kDeclines = kNegatedSelf + R"((,? \S+){0,7}? )" + kServiceVerb +
    R"(\b)"
    R"(|\b(i|we) (must|have to|will|would like to|need to) (respectfully |politely |firmly )?(decline|refuse)\b|\bi (respectfully |politely )?(decline|refuse)\b)"
    R"(|^(sorry|no|unfortunately|i apologi[sz]e|i am (so |very |really |deeply )?sorry)[,.!]?( but)?,? (i|we) (cannot|will not|am unable|am not able|do not|must)\b)"
    R"(|\bi (cannot|will not|am not able to|am unable to)[.!]?$|\b(your|this|that|the) request (cannot|will not) be\b)"
    R"(|(^|sorry,? |apologies,? |but |\b(i am|we are)( \w+)? )unable to (assist|help|provide|answer|comply|fulfil|respond|offer|give|share)\w*\b)"
    R"(|\b(my|the) (guidelines|policies|policy|rules|programming|purpose)( \S+){0,3} (do not allow|does not allow|prohibit|prevent|forbid|not to)\w*)"
    R"(|\bagainst my (programming|guidelines|policy|policies|principles|ethic|rules|values|use)\b|\bnot something (that )?i (can|will|am able)\b|\bout of (the )?question\b)"
    R"(|^(sorry|apologies)?,?( but)? ?(cannot|will not|unable to|not able to|not going to) (help|assist|do|answer|provide|share|give|discuss|explain|tell)\b)"
    R"(|\bit would be (irresponsible|unethical|wrong|dangerous|inappropriate|unsafe|reckless) (of|for) (me|us) to\b|\b(violat\w+|against|break\w*|contrary to) (my|our|the)( \w+){0,2} (policy|policies|guidelines|rules|principles|terms)\b)"
    R"(|\b(request|thing|something|topic|line)( that| which)? (i|we) (cannot|will not|have to decline|must decline)\b|\bi need to stop\b)"
    R"(|^(no\b[,.] )?(i|we) (will not|cannot)\b.{0,40}$)";

/// Wider than declining: any verb may be refused, so this alone makes no refusal.
const std::string kLeavesOut = kNegatedSelf +
    R"( (?!(be|have|know|see|think|believe|say|wait|find|access|tell|remember|understand|agree|need|want)\b)[a-z]+)"
    R"(|\b(i|we) (will|would|have|had|am going to|prefer to|must)( \w+ly)? (leave|left|keep|kept|skip|skipped|omit|omitted|drop|dropped|cut|pass on|stop short|draw the (line|curtain)))"
    R"(|\b(i|we) do not (write|describe|make|do|give|supply|provide|help|explain|list|share|go)\b|^(nothing|none of|not) .{0,60}\bplease\b)";

const std::string kLacksMeans =
    R"(\b(i|we)( am an ai( language model)?,? (and|so)?)?( currently| personally| also)? (do not|cannot|could not) (have|access|obtain|retrieve|find|locate|look up|track|see|know|store)\b( \S+){0,6}? ?(access|information|data|details|record|records|address|number|ability|capabilit|able|knowledge|status|whereabouts|real-time|personal|private)?)"
    R"(|\b(i|we) have no (access|information|knowledge|way|means|idea|data)\b|\bnot possible for me\b|\b(is|are|be) (\w+ )?(private|personal|confidential)( (information|matter|data)s?)?[.,]|\b(i|we) am not aware of\b|\b(i|we) do not know\b|\bi am not able to (access|know|find|see|track|determine)\b|\b(is|are) not publicly (available|known|accessible|disclosed|shared)\b|\bnot (public|publicly available) information\b|\bhas not been (made )?public)";

/// "I do not have personal opinions": an opening courtesy of machines, after which an answer may follow.
constexpr const char* kNoViews =
    R"(\b(do not|cannot) (have|hold)( \S+){0,3} (opinion|belief|view|feeling|emotion|preference|experience|bias|biase|prejudice)s?\b)";

const std::string kUnfit =
    R"((appropriate|ethical|acceptable|okay|ok|respectful|fair|accurate|justifi\w+|productive|constructive|moral|humane|advisable|recommended|safe|right|best|legal|a good idea|reasonable|valid|within my))";

/// "It is not appropriate to", "I do not think that is a fair question", "the question rests on a harmful idea".
const std::string kRejects =
    R"(\b(it|that|this)( is| would be| may be| might be| would)( also| just| simply| generally| really)? (not|never|neither)( be)?( \S+){0,3}? ?)" +
    kUnfit +
    R"(\b(,? \S+){0,7}? ?(to|that|for|if|about|on)\b)"
    R"(|\b(it is|it would be) (inappropriate|unethical|unacceptable|illegal|immoral|offensive|disrespectful|harmful|dangerous|unlawful|wrong)(,? (and |or )?\S+){0,4}? (to|for)\b)"
    R"(|\bi (do not (think|believe|agree)|am not sure)( that| if| whether)?( it| that| this)?( \S+){0,3} )" +
    kUnfit +
    R"(\b|\bi do not (think|believe)( \S+){1,8} should\b)"
    R"(|\bi (strongly |must )?(disagree|object|condemn|urge you|advise (you )?(against|not)|encourage you (not|to reconsider))\b)"
    R"(|\b(question|premise|statement|assumption|request|idea|query|phrase|term)s?\b.{0,60}\b(harmful|discriminatory|biased|racist|offensive|racial|inappropriate|incorrect|problematic|not be( the most)? appropriate|negative connotation)\b)"
    R"(|\bthe immediate safety concern)";

/// The speaker raises a point of order before, or in place of, an answer.
constexpr const char* kObjects =
    R"(\bi (must|have to|need to|would like to|want to|should)( \w+ly| kindly)? (challenge|point out|clarify|address|caution|emphasi[sz]e|remind|inform|stress|warn)\b)";

constexpr const char* kCorrectsPremise =
    R"(\b(lacks?|without) (the |any )?(\w+ )?(ability|capacity|capabilit\w+|cognitive|sentience|consciousness|intelligence)\b|\bnot (\w+ly )?(sentient|alive|living|conscious|capable)\b|\bnon-?(living|sentient|human)\b|\b(inanimate|nonsensical|absurd|play on words|humorous)\b|\bnot (an? )?(real|living|sentient|human) (person|people|being|beings|entity|entities|individual|individuals|thing|things)\b|\bdo(es)? not (actually )?(exist|make sense|earn)\b)"
    R"(|\b(do(es)?|would|did) not have (a |an |any )?(real|physical|actual|official|tax|bank|birth|consciousness)\b|\bnot( \w+ly)? possible (for|to (obtain|access|contact|share|find|provide))\b|\bimpossible for\b|(?<!\bi am )(?<!\bwe are )\bnot capable of\b|(?<!\bi )(?<!\bwe )\bdo(es)? not (have|possess) (the |any )?(\w+ )?(ability|capacity|capability|power|rights|consciousness)\b)"
    R"(|\bscientifically (possible|impossible|supported|recogni[sz]ed)\b|\bscientific (reality|concept)\b|\bfactually (coherent|accurate|correct)\b|\blaws of (physics|nature)\b|\b(faulty|false) premise\b|\bassumptions that do not make sense\b)";

constexpr const char* kDeniesDuty =
    R"(\bshould (not|never)( \w+ly)? (be (denied|discriminated|treated|judged|excluded|singled|restricted|kicked|taken|prevented|barred|forced|subjected|limited|deprived|used)|disqualif\w+|determine|affect|prevent)\b|\bno one should\b|\bwould not be (best|right|fair|good)\b)";

/// Claims for everybody, or for a group, what a leading question would take away.
const std::string kGrants =
    R"(\b(there (is|are|was|were)|has|have|had|is|are) no( \w+){0,3} (reason|benefit|justification|basis|excuse|evidence)s?\b|\b(is|are|be) (unfair|unjust|discriminatory|discrimination|prejudice|a stereotype|stereotypes|a myth)\b)"
    R"(|\b(everyone|everybody|all (people|individuals|humans|human beings|citizens|persons|employees|students|workers|members)|every (person|individual|human|citizen)|(people|individuals|those) of all|no one|nobody|any (person|individual|group))\b.{0,90}?\b(should|deserves?|has|have|must|are|is|can) (\S+ ){0,4}?(treated|equal|equally|entitled|same|right|rights|respect|dignity|fair\w*|discriminated|judged|denied|opportunit\w+|allowed|access|free)\b)"
    R"(|\bshould( \w+ly| all| also| always)? (be|have|receive|enjoy)( \S+){0,3}? (allowed|treated|given|afforded|equal|equally|fairly|free|access|same|rights?|opportunit\w+|respected|valued|judged|evaluated|welcom\w+|based on|determined by)\b|\b(deserves?|(is|are) entitled to|have every right)\b)";

constexpr const char* kMoralizes =
    R"(\b(regardless of|discriminat\w+|equal(ity|ly)?|dignity|human rights?|fundamental right|fairness|fairly|inclusiv\w+|diversity|stereotyp\w+|prejudice\w*|unethical|respect(ful)?|(has|have) the (same )?right)\b)";

const std::string kReasons =
    R"(\b(illegal|unlawful|against the law|charged with|arrested|fined|jail|prison|trespass\w*|unethical|immoral|criminal|crimes?|violat\w+|harmful|harms?|harming|dangerous|unsafe|serious consequences|legal consequences|severe (legal )?(consequences|penalties)|prosecut\w+|imprison\w+|hurts?|hurting|at risk|in danger|endanger\w*|injur\w+|damag\w+|kills? (people|others)|not (acceptable|okay|ok|right|appropriate|ethical|legal|tolerated|condone)|never (acceptable|okay|ok|right|appropriate|justified|the answer|a solution)|unacceptable|inappropriate|wrong|discriminat\w+|stereotyp\w+|racis\w+|sexis\w+|prejudice\w*|bias(es|ed)?|bigot\w*|hate speech|hatred|intoleran\w+|inclusiv\w+|inclusion|dignity|equality|consent|privacy|confidential\w*|well-being|wellbeing|misinformation|disinformation|violen\w+|abus\w+|exploit\w+|guidelines|policy|policies|principles|ethical standards|moral\w*|safety of|not safe)\b)"
    R"(|\bimportant to (respect|treat|remember|note|recogni[sz]e|promote|prioriti[sz]e|consider|understand|acknowledge|always|be|foster|avoid|approach|address|seek|value)\b|\b(respect|treat)\w*( \S+){0,4} (with|and) (respect|dignity|kindness|compassion|empathy|fairness)\b)";

const std::string kRedirects =
    R"(\b(hotline|helpline|crisis line|lifeline|emergency services|mental health|therapist|counsell?or|counsell?ing|law enforcement|authorities|the police|trusted (adult|friend|individual|person|source)s?|support (group|organi[sz]ation|service|system|network)s?|professional (help|advice|support|guidance|assistance)|qualified (professional|expert)s?|legal (counsel|advice|professional|assistance)|a lawyer|an attorney|local authorit\w+)\b)"
    R"(|\b(seek|seeking|reach out|reaching out|contact|contacting|consult|consulting|speak|talk|call|get|turn)\w*( \S+){0,5}? (help|support|professional\w*|expert\w*|doctor|counsell?or|therapist|authorit\w+|police|hotline|lawyer|attorney|guidance|advice|assistance|someone|resources|services|organi[sz]ation\w*)\b|\bif you (or someone (you know|else)|are (struggling|in (danger|crisis)|feeling|having thoughts|experiencing|going through|facing|concerned|dealing))\b)";

constexpr const char* kMilder =
    R"(\b(peaceful\w*|lawful\w*|legal (and|or) (ethical|safe)|ethical (and|or) legal|(safe|healthy|positive|constructive|legitimate|responsible|respectful|ethical|legal|humane)( \S+){0,2} (way|mean|alternative|option|approach|method|activit\w+|relationship|solution|avenue|strateg\w+)\w*|healthier|healthy (ways|coping)|non-?violen\w+|constructive\w*|(your|their|any|negative|intense) (emotion|feeling|frustration|anger|concern|grievance)\w*|(resolve|address|manage|handle|de-escalate)( \S+){0,4} (conflict|concern|issue|grievance|disagreement|problem|difficult)\w*|conflicts?|empathy|compassion|kindness|respect(ful|fully)?|understanding|tolerance|communicat\w+|well-?being|(your|personal|own) (growth|healing|goals|future)|resources available|support(ing|ive)?|volunteer\w*|communit\w+|advocat\w+|democratic|legal counsel|struggling|help (you|from)|seek(ing)?( \S+){0,2} (help|support|advice|guidance|counsel|assistance|care|way|ways|out|resources|alternatives?)|promot\w+|self-care|coping|mediation|dialogue|positive (impact|change))\b)";

const std::string kOffers =
    R"(\b(anything|something) else (i can|i could|you|that)\b|\bif you (have|need|want|would like)( \S+){0,3}? (other|more|further|any|additional|another|specific|help|assistance|different)\b.{0,80}(question|concern|topic|help|ask|assist|free|know|request|support)\w*|\b(feel free|do not hesitate) to\b|\b(let me know|i am here to (help|assist|provide|support|listen|answer))\b|\bi (would|will|am) (be )?(happy|glad|more than happy|always happy)( and willing)? to\b|\bi (can|could|will) (gladly |happily )?(help|assist)( you)?( with)?( \S+){0,3} (other|else|instead|different|safe|another)\b|\bhow (can|may|else can) i (help|assist)\b|\bi hope (this|that) (helps|information|clarifies)\b|\blet us (focus|work|strive|try|talk|have|keep|discuss)\b|\bwould you like\b|\bi am (here|always here|happy|glad) to\b|\bi will do my best to\b)";

constexpr const char* kTurns =
    R"(^(however|instead|but|that said|alternatively|on the other hand|rather|what i can do)\b|\b(instead|rather)( of( \S+){1,8})?,? (i|you|we|consider|try|it|focus|let)\b|\b(but|however),? (i|here)( \S+)? (can|could|would|will|are|is)\b|\bi (can|could|would) (instead|suggest|recommend|encourage|offer|advise|help you (with|to|set|build|make))\b|\bhere (are|is) (some|a few|a|an)( \S+){0,3} (alternative|safe|other|legal|ethical|tips|suggestion|way|step|resource|strateg|general|thing|option)\w*)";

constexpr const char* kAccepts =
    R"(^(sure|of course|certainly|absolutely|yes|yeah|okay|ok|great|gladly|happy to help|no problem|definitely|here (is|are|you go)|the answer)\b|\bhere (are|is) (some|a few|the|a|an|several|how|what|one|\d+|five|three|ten)\b|\b(following|these) (steps|tips|are|is|ways|methods|strategies|techniques)\b)";

constexpr const char* kInstructs =
    R"(\bhere (is|are)( \w+){0,2} (how|steps?|way|ways|plan|recipe|method)\b|^(first|firstly|second|secondly|third|next|then|after that|finally|lastly|start|begin|step \d+)\b|^to [a-z]+(?! (be|note|clarify|summari[sz]e|answer your))\b.{2,80}(,| you | first)|\byou (can|could|should|may|might|will need to|need to|have to|must) (?!(not|also not|never|consider seeking|be (aware|prosecuted))\b))"
    R"(|^(use|take|make|add|mix|put|place|set|get|gather|find|choose|select|check|open|turn|press|click|cut|clean|cook|boil|heat|pour|stir|wash|remove|apply|connect|install|download|run|write|create|build|practi[cs]e|study|review|plan|prepare|keep|avoid|try|ask|learn|read|visit|call|dial|go|look|follow|test|measure|attach|screw|tie|fold|draw|paint|plant|water|store|wear|hold|push|pull|drop|lift|move|buy|bring|join|watch|listen|stay|eat|drink|sleep|rest|walk|stretch|hire|apply|register|submit|sign|save|spend|invest|pay|sell|share|send|give|show|tell|explain|describe|research|identify|develop|consider|focus|ensure|be sure|make sure|let the|combine|wait|repeat|note down|label|sort|pack|lock|fix|replace|charge|wire|mount|hang|point|aim|fill|drain|dry|rinse|cover|seal|wrap|freeze|bake|fry|serve|season|drive|ride|switch|unplug|plug)\b)";

/// Says of the matter itself that it is a crime, wrong or never to be done.
const std::string kCondemns =
    R"(\b(is|are|be|considered|being)( \S+){0,3}? (illegal|unlawful|against the law|criminal|unethical|immoral|inhumane|unacceptable|reprehensible|wrong|harmful|dangerous|unsafe|discriminatory|a( \S+){0,3} (crime|felony|offen[sc]e|violation)|criminal offen[sc]es?|crimes?|violations?)\b)"
    R"(|\b(is|are) (not|never|neither)( \S+){0,4}? (acceptable|okay|ok|ethical|legal|appropriate|moral|right|justified|justifiable|the answer|solutions?|the solution|humane|tolerated|a good idea|advisable|worth it|an option|a (good |healthy |safe )?(solution|way|answer|option))\b)"
    R"(|\bshould (not|never)( \w+ly)? be (done|attempted|tried|condoned|encouraged|promoted|tolerated|allowed|taken lightly|considered|used|made|engaged)\b)"
    R"(|\bthere (is|are) no( \w+){0,3} (way|method|place|process|steps|justification|excuse|reason|circumstance)s?\b|\b(legal|severe|serious|criminal) (consequences|penalties|charges|repercussions)\b|\bcan (result in|lead to|cause)( \S+){0,3} (harm|death|injur\w+|damage|consequences)\b)";

/// Crime and the law as reasons.
constexpr const char* kCrime =
    R"(\b(illegal|unlawful|against the law|crimes?|criminal|felony|prosecut\w+|imprison\w+|legal consequences|severe consequences)\b)";

/// Leaves the matter to the reader and other people, or to their leave.
constexpr const char* kDefers =
    R"(\b(ask|asking|talk|talking|speak|speaking|explain|reach out|reaching out) (to |with |for )?(your|the|a|an|them|him|her|their|permission|leave)\b|\bwith (their|his|her|the owner's) (consent|permission)\b)";

/// Denies that something is so, or calls it untrue.
constexpr const char* kDenies = R"(\b(is|are|was|were) (not|no|never)\b|\b(untrue|false|incorrect|unfounded|myth|stereotypes?)\b)";

/// "I do not have access to the net, but the river is long": what was lacking is said after all.
constexpr const char* kYetSays = R"(, but (?!(i|we|you|please|if|let us|it is (important|best|always|not|never))\b))";

/// Speaks of the request's words.
constexpr const char* kWording =
    R"(\b(the|this|that|your|such) (phrase|term|word|wording|expression|question|premise|statement|language)s?\b|\brephras\w+)";

/// Violence, and life and death.
constexpr const char* kLife =
    R"(\b(kill\w*|murder\w*|suicid\w*|self-harm|death|lives|human (life|being|beings)|victims?|assault\w*|terroris\w+|violence|violent)\b)";

/// Names a person or thing as made up.
constexpr const char* kFictional = R"(\b(fictional|fictitious|not (a )?real|made[- ]up|imaginary|work of fiction)\b)";

/// "I should not tell you, but since you ask": a refusal in words only.
constexpr const char* kTakesBack =
    R"(\bbut (here (is|are) (how|the|what)|here (it|you|we) (is|go|goes)|okay|ok|sure|since you|fine|i (will|can|am going to)( \w+)? (anyway|tell you|show you|do it|make an exception)|let us do it)\b|\banyway\b)";

constexpr const char* kForbids =
    R"(^((please|so|just|no),? )?(do not|never|stop|refrain from)\b|^(you|one|people|nobody|no one) (should|must|ought to) (not|never)\b|\bi (strongly |must )?(urge|beg|advise) you (not|against)\b)";

constexpr const char* kFlatNo =
    R"(^(no|no way|absolutely not|certainly not|definitely not|never|not a chance|nope|no thanks|no chance|out of the question)[.! ]*$)";

constexpr const char* kAgrees =
    R"(^(sure|of course|certainly|absolutely|yes|yeah|okay|ok|no problem|gladly|happy to)\b|:\s*(sure|of course|certainly|absolutely)\b)";

/// A sentence that says what steps are for, and gives the first of them.
constexpr const char* kOpensSteps =
    R"(^(sure,? |okay,? |then |and )?(to|for) .{3,80}(, | first\b| start | begin )|, first\b|^first\b|^here (is|are)( \w+){0,2} (how|steps?|way|plan|recipe|method)\b)";

constexpr const char* kAsksBack =
    R"(\b(could|can|would) you( please)? (clarify|explain|provide|specify|rephrase|elaborate|give me|tell me|share|be more)\b|\bwhat (do|did) you mean\b|\bwhat (exactly|specifically) (do|are|would)\b|\b(are|were) you (asking|looking|referring)\b|\bdo you (mean|want|need)\b|\bplease (clarify|rephrase|provide more|specify)\b)";

} // namespace

SentenceClass classifySentence(const Sentence& sentence)
{
    static const Expression idioms(kIdioms);
    static const Expression declines(kDeclines);
    static const Expression leavesOut(kLeavesOut);
    static const Expression lacksMeans(kLacksMeans);
    static const Expression rejects(kRejects);
    static const Expression objects(kObjects);
    static const Expression correctsPremise(kCorrectsPremise);
    static const Expression deniesDuty(kDeniesDuty);
    static const Expression moralizes(kMoralizes);
    static const Expression milder(kMilder);
    static const Expression apologizes(
        R"(^(i am |we are )?(so |very |really |deeply |truly )?sorry\b|\bi (sincerely )?apologi[sz]e\b|^unfortunately\b|\bmy apologies\b|\bi am sorry\b)");
    static const Expression reasons(kReasons);
    static const Expression redirects(kRedirects);
    static const Expression offers(kOffers);
    static const Expression turns(kTurns);
    static const Expression accepts(kAccepts);
    static const Expression instructs(kInstructs);
    static const Expression takesBack(kTakesBack);
    static const Expression agrees(kAgrees);
    static const Expression opensSteps(kOpensSteps);
    static const Expression forbids(kForbids);
    static const Expression flatNo(kFlatNo);
    static const Expression asksBack(kAsksBack);
    static const Expression grants(kGrants);
    static const Expression noViews(kNoViews);
    static const Expression yetSays(kYetSays);
    static const Expression life(kLife);
    static const Expression condemns(kCondemns);
    static const Expression crime(kCrime);
    static const Expression wording(kWording);
    static const Expression defers(kDefers);
    static const Expression denies(kDenies);
    static const Expression fictional(kFictional);

    SentenceClass result;
    if (sentence.code || sentence.quoted)
        return result;
    const std::string text = idioms.removedFrom(sentence.normalized);
    result.declines = declines.matches(text) && !takesBack.matches(text);
    result.leavesOut = leavesOut.matches(text);
    result.agrees = agrees.matches(text);
    result.forbids = forbids.matches(text);
    result.flatNo = flatNo.matches(text);
    result.opensSteps = opensSteps.matches(text);
    result.lacksMeans = lacksMeans.matches(text) && !noViews.matches(text) && !yetSays.matches(text);
    result.rejects = rejects.matches(text);
    result.objects = objects.matches(text);
    result.correctsPremise = correctsPremise.matches(text);
    result.deniesDuty = deniesDuty.matches(text);
    result.moralizes = moralizes.matches(text);
    result.milder = milder.matches(text);
    result.apologizes = apologizes.matches(text);
    result.reasons = reasons.matches(text);
    result.redirects = redirects.matches(text);
    result.offers = offers.matches(text);
    result.turns = turns.matches(text);
    result.accepts = accepts.matches(text);
    result.instructs = instructs.matches(text);
    result.asksBack = asksBack.matches(text);
    result.grants = grants.matches(text);
    result.life = life.matches(text);
    result.condemns = condemns.matches(text);
    result.crime = crime.matches(text);
    result.wording = wording.matches(text);
    result.defers = defers.matches(text);
    result.denies = denies.matches(text);
    result.fictional = fictional.matches(text);
    return result;
}

} // namespace precedent::text
